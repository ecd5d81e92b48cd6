package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sersync/sersync/engine"
)

func TestFirstContactDeletesNothing(t *testing.T) {
	r := newRig(t)
	r.write("ours", "1")
	r.writeTarget("theirs/f", "x")
	r.start()
	r.holds("ours", "1")
	r.says("held")
	must(t, os.Remove(r.path("ours"))) // seen leaving: that is deleted all the same
	r.lacks("ours")
	r.settled()
	if !r.has("theirs/f") {
		t.Fatal("a name that only the target had was deleted at first contact")
	}
	r.stop()
	if r.log.contains("still owed") {
		t.Error("what is held is not owed: the next full pass sends nothing of it")
	}
	r.start()
	r.settled()
	if !r.has("theirs/f") {
		t.Fatal("it was deleted at the second start")
	}
	r.stop()
	r.start(func(o *engine.Options) { o.ForceDelete = true })
	r.lacks("theirs")
}

func TestAVanishedSourceEmptiesNoTarget(t *testing.T) {
	r := newRig(t)
	r.write("a/b", "1")
	r.start()
	r.identical()
	must(t, os.Rename(r.src, r.src+".away"))
	r.says("until the source is back")
	if !r.has("a/b") {
		t.Fatal("the target lost what the source took away")
	}
	must(t, os.Rename(r.src+".away", r.src))
	r.says("the source is back")
	r.write("c", "2")
	r.identical()
}

func TestARemovedSourceThatIsMadeAnewEmptiesNoTarget(t *testing.T) {
	r := newRig(t)
	r.write("a/b", "1")
	r.start()
	r.identical()
	must(t, os.Rename(r.src, r.src+".away"))
	must(t, os.Mkdir(r.src, 0o755))
	r.says("leads to another directory")
	r.settled()
	if !r.has("a/b") {
		t.Fatal("a source that was made anew emptied the target")
	}
}

func TestASwitchedSymlinkIsFollowedAndDeletesNothing(t *testing.T) {
	r := newRig(t)
	one, two := filepath.Join(r.src, "releases/1"), filepath.Join(r.src, "releases/2")
	must(t, os.MkdirAll(one, 0o755))
	must(t, os.MkdirAll(two, 0o755))
	must(t, os.WriteFile(one+"/f", []byte("one"), 0o644))
	must(t, os.WriteFile(two+"/g", []byte("two"), 0o644))
	current := filepath.Join(r.src, "current")
	must(t, os.Symlink("releases/1", current))
	r.conf = r.flags(current, r.server.URL("m"))
	r.start()
	r.holds("f", "one")
	must(t, os.Symlink("releases/2", current+".new"))
	must(t, os.Rename(current+".new", current))
	r.holds("g", "two")
	must(t, os.WriteFile(two+"/h", []byte("live"), 0o644))
	r.holds("h", "live")
	if !r.has("f") {
		t.Error("the switch deleted what only the old release had")
	}
}

func TestAFilesystemMountedOverTheSourceEmptiesNoTarget(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mount(2) needs root: EPERM")
	}
	r := newRig(t)
	r.write("a/b", "1")
	r.start()
	r.identical()
	must(t, syscall.Mount("none", r.src, "tmpfs", 0, ""))
	defer syscall.Unmount(r.src, syscall.MNT_DETACH)
	r.says("until the source is back")
	if !r.has("a/b") {
		t.Fatal("a mount over the source emptied the target")
	}
	must(t, syscall.Unmount(r.src, syscall.MNT_DETACH))
	r.says("the source is back")
	r.write("c", "2")
	r.identical()
}

// A filesystem inside the tree that is unmounted looks like a directory whose content was deleted.
func TestAnUnmountedFilesystemInTheTreeEmptiesNothing(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mount(2) needs root: EPERM")
	}
	r := newRig(t)
	r.conf.Trees[0].CrossMounts = true
	inner := r.path("inner")
	must(t, os.Mkdir(inner, 0o755))
	must(t, syscall.Mount("none", inner, "tmpfs", 0, ""))
	defer syscall.Unmount(inner, syscall.MNT_DETACH)
	r.write("inner/a", "1")
	r.write("outer", "1")
	r.start()
	r.identical()
	must(t, syscall.Unmount(inner, syscall.MNT_DETACH))
	r.says("not the one that belongs there")
	r.settled()
	r.stop()
	if !r.has("inner/a") {
		t.Fatal("the replica of an unmounted filesystem was deleted live")
	}
	r.start() // a full pass, which may delete what the source has not
	r.says("not the one that belongs there")
	r.settled()
	r.stop()
	if !r.has("inner/a") {
		t.Fatal("the replica of an unmounted filesystem was deleted by a full pass")
	}
}

func TestSync(t *testing.T) {
	sync := func(r *rig, change ...func(*engine.Options)) engine.SyncResult {
		t.Helper()
		o := r.options()
		for _, f := range change {
			f(&o)
		}
		eng, err := engine.New(o)
		must(t, err)
		result, err := eng.Sync(context.Background())
		must(t, err)
		return result
	}
	t.Run("identical", func(t *testing.T) {
		r := newRig(t)
		r.write("a/b/c", "1")
		if got := sync(r); !got.Identical {
			t.Errorf("%+v", got)
		}
		r.identical()
	})
	t.Run("held", func(t *testing.T) {
		r := newRig(t)
		r.write("a", "1")
		r.writeTarget("theirs", "x")
		if got := sync(r); len(got.Held) != 1 || got.Held[0].Names != 1 || got.Identical || !r.has("theirs") {
			t.Errorf("%+v", got)
		}
		got := sync(r, func(o *engine.Options) { o.ForceDelete = true })
		if !got.Identical || r.has("theirs") {
			t.Errorf("with --delete: %+v", got)
		}
	})
	t.Run("more extras than the limit of an hour", func(t *testing.T) {
		r := newRig(t)
		r.write("a", "1")
		for i := range 300 {
			r.writeTarget(fmt.Sprint("theirs", i), "x")
		}
		// A source that lost its content must not take a target along, whoever asked.
		got := sync(r, func(o *engine.Options) { o.ForceDelete = true })
		if len(got.Held) != 1 || got.Held[0].Names != 200 || got.Held[0].Target != r.server.URL("m") {
			t.Errorf("%+v, want 200 of 300 held", got)
		}
		if entries, _ := os.ReadDir(r.dst()); len(entries) < 200 {
			t.Errorf("%d names are left, so more than the default limit of 100 were deleted", len(entries))
		}
		for i := range 4000 { // 10 % of a tree of this size is more than that
			r.write(fmt.Sprintf("d%d/f%d", i%10, i), "")
		}
		if got := sync(r, func(o *engine.Options) { o.ForceDelete = true }); !got.Identical {
			t.Errorf("with a tree of 4,000 names: %+v", got)
		}
	})
	t.Run("unreachable", func(t *testing.T) {
		r := newRig(t)
		r.write("a", "1")
		r.server.Stop()
		if got := sync(r); len(got.Unreachable) != 1 || !strings.Contains(got.Unreachable[0], "refused") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("some paths failed", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("mount(2) needs root: EPERM")
		}
		r := newRig(t)
		r.write("a", "1")
		r.write("bad/f", "1")
		// On the target a directory stands where a file is to be, with something in it that may not
		// be removed: a mount.
		must(t, os.MkdirAll(filepath.Join(r.dst(), "bad/f/busy"), 0o755))
		must(t, syscall.Mount("none", filepath.Join(r.dst(), "bad/f/busy"), "tmpfs", 0, ""))
		defer syscall.Unmount(filepath.Join(r.dst(), "bad/f/busy"), syscall.MNT_DETACH)
		got := sync(r, func(o *engine.Options) { o.ForceDelete = true })
		if len(got.Failed) == 0 || !strings.Contains(got.Failed[0], "bad/f") {
			t.Errorf("%+v", got)
		}
		r.holds("a", "1")
	})
	t.Run("dry run", func(t *testing.T) {
		r := newRig(t)
		r.write("a", "1")
		r.writeTarget("theirs", "x")
		var out strings.Builder
		sync(r, func(o *engine.Options) { o.DryRun = true; o.Stdout = &out })
		if r.has("a") || !r.has("theirs") {
			t.Error("a dry run changed the target")
		}
		for _, want := range []string{`send "a"`, `delete "theirs" (held`, "rsync -a"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("a dry run printed no %q:\n%s", want, out.String())
			}
		}
		if entries, _ := os.ReadDir(r.state); len(entries) != 0 {
			t.Errorf("a dry run wrote state: %v", entries)
		}
	})
}
