package rsyncexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What can't be read keeps a dry run from an exit code of 0 as it keeps the run: only that is
// unknown then, not the rest, and the deletions that rsync skips for it are named too.
func TestVerifyNamesWhatTheSourceRefuses(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	nearby(t, func(t *testing.T, o Options, dst string) {
		src := t.TempDir()
		tree(t, src, "a/new", "a/unread=1", "a/same", `a/se"cret/f`, "s[1]/é/f", "s[1]/g")
		tree(t, dst, "a/extra", "s[1]/é/kept")
		for _, path := range []string{"a/unread", "s[1]/é"} {
			must(t, os.Chmod(filepath.Join(src, path), 0))
			t.Cleanup(func() {
				os.Chmod(filepath.Join(src, path), 0o755)
				os.Chmod(filepath.Join(dst, path), 0o755)
			})
		}
		r := NewRunner(o)
		for _, inv := range []Invocation{
			{Items: []Item{{}}, Recursive: true},
			{Items: []Item{{Path: "a", Dir: true, Level: true}, {Path: "s[1]/é", Dir: true, Level: true}}},
		} {
			inv.RootFD, inv.Delete, inv.MaxDelete = openRoot(t, src), DeleteBudget, 0
			res, err := r.Run(t.Context(), inv)
			var e *Error
			if !errors.As(err, &e) || e.Code != ExitPartial || !res.DeletesSkipped {
				t.Fatalf("err = %v, %+v", err, res)
			}
			for _, budget := range []int{0, -1} {
				inv.MaxDelete = budget
				d, err := r.Verify(t.Context(), inv)
				must(t, err)
				still := slices.DeleteFunc(d.Paths, func(p string) bool { return p == "" || p == "s[1]" }) // times
				slices.Sort(still)
				got := fmt.Sprintf("%q %q %d", still, pathsOf(d.Unread), d.Left)
				want := map[int]string{
					0: `["a/unread"] ["s[1]/é"] 1`, -1: `["a/extra" "a/unread"] ["s[1]/é"] 0`,
				}[budget]
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("recursive %v, budget %d (-want +got):\n%s", inv.Recursive, budget, diff)
				}
			}
		}
		if !exists(filepath.Join(dst, "a/extra")) {
			t.Error("Verify has deleted")
		}
		// A name that rsync's words don't tell apart from another is not guessed at.
		must(t, os.Chmod(filepath.Join(src, `a/se"cret`), 0))
		t.Cleanup(func() { os.Chmod(filepath.Join(src, `a/se"cret`), 0o755) })
		d, err := r.Verify(t.Context(), Invocation{
			RootFD: openRoot(t, src), Items: []Item{{Path: "a", Dir: true}}, Recursive: true,
		})
		if err == nil {
			t.Errorf("Verify = %+v", d)
		}
	})
}

// A directory in the way of a file of several names makes a dry run of rsync 3.5 hang.
func TestVerifyOfBlockedHardLinksEnds(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	tree(t, src, "a/b/f", "dir/x")
	must(t, os.Link(filepath.Join(src, "a/b/f"), filepath.Join(src, "dir/hard")))
	tree(t, dst, "a/b/f/theirs")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r := NewRunner(Options{Dest: dst, HardLinks: true})
	_, err := r.Verify(ctx, Invocation{
		RootFD: openRoot(t, src), Items: []Item{{Dir: true}}, Recursive: true, Delete: DeleteBudget,
	})
	if ctx.Err() != nil {
		t.Errorf("it hung: %v", err)
	}
}

func pathsOf(failed []PathError) (paths []string) {
	for _, p := range failed {
		paths = append(paths, p.Path)
	}
	return paths
}
