package engine_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

// A directory of the target that is a file at the source takes deletions too: what it holds may be
// somebody else's.
func TestFirstContactKeepsADirectoryWhereTheSourceHasAFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("x", "a file")
	r.write("other", "1")
	r.writeTarget("x/theirs", "2")
	pass := func(change func(*engine.Options)) engine.SyncResult {
		t.Helper()
		o := r.options()
		change(&o)
		eng, err := engine.New(o)
		must(t, err)
		result, err := eng.Sync(context.Background())
		must(t, err)
		return result
	}
	got := pass(func(*engine.Options) {})
	if got.Identical || len(got.Held)+len(got.Failed) == 0 {
		t.Errorf("%+v, want it said that x is not as it is here", got)
	}
	if !r.has("x/theirs") {
		t.Error("first contact deleted what only the target has")
	}
	r.holds("other", "1")
	if got := pass(func(o *engine.Options) { o.ForceDelete = true }); !got.Identical {
		t.Errorf("with --delete: %+v", got)
	}
	r.identical()
}

// Sources that feed one module live from deleting only what was seen leaving: not what else is in
// the directory of such a name, and not in passes.
func TestSourcesOfOneModuleKeepEachOthersFiles(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprint("a receiver without --delete-missing-args ", old), func(t *testing.T) {
			t.Parallel()
			sharedModule(t, old)
		})
	}
}

func sharedModule(t *testing.T, old bool) {
	r := newRig(t)
	if old {
		r.server = rsynctest.Daemon(t, rsynctest.Options{Modules: []rsynctest.Module{{
			Name: "m", Params: []string{"refuse options = delete-missing-args"},
		}}})
	}
	other := t.TempDir()
	conf := filepath.Join(t.TempDir(), "sersync.yaml")
	must(t, os.WriteFile(conf, fmt.Appendf(nil, `
trees:
  - path: %s
    targets: [{to: "%[3]s", delete: live}]
  - path: %[2]s
    targets: [{to: "%[3]s", delete: live}]
`, r.src, other, r.server.URL("m")), 0o644))
	var err error
	r.conf, err = config.Load(conf)
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(other, "d/sub"), 0o755))
	for _, name := range []string{"d/theirs", "d/sub/theirs", "theirs"} {
		must(t, os.WriteFile(filepath.Join(other, name), []byte("theirs"), 0o644))
	}
	for i := range 300 { // enough to make a list of their directory cheaper than theirs
		r.write(fmt.Sprintf("d/f%03d", i), "1")
	}
	r.write("d/sub/ours", "1")
	r.start(func(o *engine.Options) { o.ForceDelete = true })
	r.holds("d/f299", "1")
	r.holds("d/sub/theirs", "theirs")
	must(t, os.Remove(r.path("d/f000")))
	r.lacks("d/f000")
	for i := range 200 {
		must(t, os.Remove(r.path(fmt.Sprintf("d/f%03d", i+1))))
	}
	r.lacks("d/f200")
	must(t, os.Chmod(r.path("d"), 0o750))
	r.write("d/sub/new", "1")
	r.holds("d/sub/new", "1")
	kept := func(when string, names ...string) {
		t.Helper()
		for _, name := range append(names, "d/theirs", "d/sub/theirs", "theirs", "d/f299") {
			if !r.has(name) {
				t.Errorf("%s: the target lost %s", when, name)
			}
		}
	}
	kept("live")
	r.stop()
	must(t, os.Remove(r.path("d/sub/new"))) // a pass deletes nothing
	r.start(func(o *engine.Options) { o.ForceDelete = true })
	r.settled()
	kept("after a pass", "d/sub/new")
}

// What only a target has in a directory stays when many names of ours leave it, as long as nobody
// has said that it may go.
func TestManyNamesThatLeaveTakeNoExtraAlong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 300 {
		r.write(fmt.Sprintf("d/f%03d", i), "1")
	}
	r.writeTarget("d/extra", "2")
	r.start()
	r.holds("d/f299", "1")
	r.says("held")
	for i := range 250 {
		must(t, os.Remove(r.path(fmt.Sprintf("d/f%03d", i))))
	}
	for i := range 250 {
		r.lacks(fmt.Sprintf("d/f%03d", i))
	}
	r.settled()
	if !r.has("d/extra") {
		t.Error("d/extra went, too")
	}
}

// What the program itself writes into a tree that it mirrors would make it dirty again and again.
func TestItsOwnStateInTheTreeIsNoChange(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.state = r.path("var/lib/sersync")
	r.write("f", "1")
	var runs atomic.Int64
	r.start(func(o *engine.Options) {
		o.Observers = append(o.Observers, runsEnd(func() { runs.Add(1) }))
	})
	r.holds("f", "1")
	r.says("full pass ended") // which is written into the state
	r.settled()
	before := runs.Load()
	for range 3 {
		r.settled()
	}
	// Each is a run over the file, and one over the root's attributes may follow it.
	if n := runs.Load() - before; n > 6 {
		t.Errorf("%d runs for 3 changes", n)
	}
	want := []string{".", "f", "settled", "var", "var/lib"}
	if diff := cmp.Diff(want, names(t, r.dst())); diff != "" {
		t.Errorf("on the target (-want +got):\n%s", diff)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	return slices.Sorted(maps.Keys(rsynctest.Tree(t, dir)))
}
