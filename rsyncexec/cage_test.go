package rsyncexec

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// requireLandlock skips only where this kernel has none, and says so.
func requireLandlock(t *testing.T) {
	t.Helper()
	if landlockABI() < 1 {
		t.Skip("landlock_create_ruleset(2) says this kernel has no Landlock")
	}
}

// A directory that is swapped for a symlink after rsync listed it leads rsync out of the tree; a
// confined run sends nothing of what is there.
func TestConfinedRunDoesNotFollowASwappedParent(t *testing.T) {
	requireLandlock(t)
	for _, confined := range []bool{false, true} {
		src, secret, dst := t.TempDir(), t.TempDir(), t.TempDir()
		tree(t, src, "a="+strings.Repeat("large", 2<<20), "d/f", "z")
		tree(t, secret, "f=leaked")
		must(t, os.Chmod(secret, 0o700))
		r := NewRunner(Options{Dest: dst, Landlock: confined})
		res, err := r.Run(t.Context(), Invocation{
			RootFD: openRoot(t, src), Items: []Item{{Path: "a"}, {Path: "d/f"}, {Path: "z"}}, Compare: Content,
			Sent: func(path []byte, _ int64) {
				if string(path) == "a" { // all has been listed, d/f is not open yet
					must(t, os.Rename(filepath.Join(src, "d"), filepath.Join(src, "was")))
					must(t, os.Symlink(secret, filepath.Join(src, "d")))
				}
			},
		})
		b, _ := os.ReadFile(filepath.Join(dst, "d/f"))
		if leaked := string(b) == "leaked"; leaked == confined {
			t.Errorf("confined %v: leaked is %v (%v)\n%s", confined, leaked, err, res.Stderr)
		}
		var e *Error
		if confined && (!errors.As(err, &e) || e.Code != ExitPartial) {
			t.Errorf("confined: %v", err)
		}
		if !exists(filepath.Join(dst, "z")) {
			t.Errorf("confined %v: the rest was not done", confined)
		}
	}
}

// Confined runs work over every transport, deletions and odd types included.
func TestConfinedRunsWork(t *testing.T) {
	requireLandlock(t)
	everywhere(t, func(t *testing.T, o Options, dst string) {
		o.Landlock, o.HardLinks = true, true
		src := t.TempDir()
		tree(t, src, "a/b/f", "a/l->b/f", "dir/x")
		must(t, os.Link(filepath.Join(src, "a/b/f"), filepath.Join(src, "dir/hard")))
		tree(t, dst, "gone/x", "a/b/f/dir")
		r := NewRunner(o)
		root := openRoot(t, src)
		inv := Invocation{
			RootFD: root, Items: []Item{{}}, Recursive: true, Delete: DeleteBudget, MaxDelete: -1,
		}
		run(t, r, inv)
		equal(t, src, dst)
		w := startWarm(t, r, WarmOptions{RootFD: root})
		tree(t, src, "a/b/f=again")
		_, err := w.Run(t.Context(), []Item{{Path: "a/b/f"}, {Path: "dir/hard"}}, nil)
		must(t, err)
		equal(t, src, dst)
		// This process is not confined.
		if out, err := exec.Command("cat", filepath.Join(dst, "a/b/f")).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

func TestConfinedRunMakesAMissingDestination(t *testing.T) {
	requireLandlock(t)
	src, dst := t.TempDir(), filepath.Join(t.TempDir(), "new")
	tree(t, src, "f")
	run(t, NewRunner(Options{Dest: dst, Landlock: true}), Invocation{
		RootFD: openRoot(t, src), Items: []Item{{Path: "f"}},
	})
	if !exists(filepath.Join(dst, "f")) {
		t.Error("nothing was sent")
	}
}
