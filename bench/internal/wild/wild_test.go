package wild_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/bench/internal/wild"
)

// begin makes an empty tree, and the directory beside it.
func begin(t *testing.T, o wild.Options) (*wild.Wild, wild.Options) {
	t.Helper()
	dir := t.TempDir()
	o.Tree, o.Outside = filepath.Join(dir, "tree"), filepath.Join(dir, "outside")
	for _, d := range []string{o.Tree, o.Outside} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w, err := wild.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return w, o
}

// steps makes n changes and returns what was said.
func steps(t *testing.T, w *wild.Wild, n int) []string {
	t.Helper()
	var all []string
	for range n {
		said, err := w.Step()
		if err != nil {
			t.Fatal(err)
		}
		if said != "" {
			all = append(all, said)
		}
	}
	if err := w.Settle(); err != nil {
		t.Fatal(err)
	}
	return all
}

// picture is the tree without what depends on the time of day or on where it lies.
func picture(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		text := fmt.Sprintf("%v %d %d", info.Mode(), st.Uid, st.Nlink)
		if info.Mode().IsRegular() && os.Geteuid() == 0 {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %x", content[:min(len(content), 40)])
		}
		all[path[len(root):]] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheSameSeedMakesTheSameTree(t *testing.T) {
	const n = 150
	a, at := begin(t, wild.Options{Seed: 7, Stamps: true, Entries: 500})
	b, bt := begin(t, wild.Options{Seed: 7, Stamps: true, Entries: 500})
	said, again := steps(t, a, n), steps(t, b, n)
	for i := range said {
		said[i] = strings.ReplaceAll(said[i], at.Tree, "")
	}
	for i := range again {
		again[i] = strings.ReplaceAll(again[i], bt.Tree, "")
	}
	if diff := cmp.Diff(said, again); diff != "" {
		t.Errorf("what was said (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(picture(t, at.Tree), picture(t, bt.Tree)); diff != "" {
		t.Errorf("trees (-first +second):\n%s", diff)
	}
	if len(said) < n*2/3 {
		t.Errorf("only %d of %d changes could be made", len(said), n)
	}
}

func TestEveryKindOfChangeIsMade(t *testing.T) {
	w, _ := begin(t, wild.Options{Seed: 1, Stamps: true, Entries: 500})
	all := strings.Join(steps(t, w, 900), "\n")
	for _, kind := range []string{
		"create ", "rewrite ", "poke ", "append ", "truncate ", "replace ", "remove ", "link ", "unlink the first",
		"symlink ", "mknod ", "create and remove ", "chmod ", "touch ", "mkdir ", "mkdir -p ", "rename ",
		"rm -rf ", "mkdir it again", "swap ", "and back", "becomes a symlink", "symlink \"", "becomes a directory",
		"becomes a file", " out", "move in ", "move a new tree in", "unpack ", "crowd ", "keep it open", "write on to ",
		"through a mapping", "through its mapping", "restore its mtime",
	} {
		if !strings.Contains(all, kind) {
			t.Errorf("nothing was %q", kind)
		}
	}
}

func TestTheTreeStaysInItsBounds(t *testing.T) {
	for seed := range uint64(1) {
		w, o := begin(t, wild.Options{Seed: seed, Entries: 300})
		steps(t, w, 300)
		if n := len(picture(t, o.Tree)); n > 300+2000 {
			t.Errorf("seed %d: %d entries, asked for about 300", seed, n)
		}
		entries, err := os.ReadDir(filepath.Dir(o.Tree))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "tree" && e.Name() != "outside" {
				t.Errorf("seed %d: %q was made beside the tree", seed, e.Name())
			}
		}
	}
}

func TestSettleLeavesNothingOpen(t *testing.T) {
	open := func() int {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(fds)
	}
	w, _ := begin(t, wild.Options{Seed: 3})
	before := open()
	steps(t, w, 200)
	if after := open(); after > before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}
