package rsyncexec

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A local target says that the budget stopped deletions with exit code 25, a daemon with 0.
func TestBudgetStopsAndSaysSo(t *testing.T) {
	nearby(t, func(t *testing.T, o Options, dst string) {
		src := t.TempDir()
		tree(t, src, "new", "d/sub/new")
		tree(t, dst, "d/1", "d/2", "d/sub/3", "gone/4")
		root, r := openRoot(t, src), NewRunner(o)
		for _, inv := range []Invocation{
			{Items: []Item{{}}, Recursive: true},
			{Items: []Item{{Path: "new"}, {Path: "d", Level: true, Dir: true}, {Path: "gone", Missing: true}}},
		} {
			inv.RootFD, inv.Delete, inv.MaxDelete = root, DeleteBudget, 0
			res := run(t, r, inv)
			if !res.Stopped || res.LeftDeletions < 2 || res.DeletedCount != 0 {
				t.Errorf("result = %+v", res)
			}
		}
		for _, name := range []string{"new", "d/sub/new", "d/1", "d/2", "d/sub/3", "gone/4"} {
			if !exists(filepath.Join(dst, name)) {
				t.Errorf("the target lacks %s", name)
			}
		}
	})
}

func TestNeverDeletesNothing(t *testing.T) {
	nearby(t, func(t *testing.T, o Options, dst string) {
		src := t.TempDir()
		tree(t, src, "f", "swap=now a file", "d/x")
		tree(t, dst, "gone", "swap/in", "d/extra")
		r := NewRunner(o)
		res, err := r.Run(t.Context(), Invocation{RootFD: openRoot(t, src), MaxDelete: -1, Items: []Item{
			{Path: "f"}, {Path: "gone", Missing: true}, {Path: "swap"}, {Path: "d", Level: true, Dir: true},
		}})
		var e *Error
		if !errors.As(err, &e) || e.Class != Partial || len(res.FailedPaths) == 0 || res.FailedPaths[0].Path != "swap" {
			t.Errorf("err = %v, %+v", err, res)
		}
		for _, name := range []string{"f", "gone", "swap/in", "d/extra", "d/x"} {
			if !exists(filepath.Join(dst, name)) {
				t.Errorf("the target lacks %s", name)
			}
		}
	})
}

// What the filters exclude is protected on the target, below a name that is to go too.
func TestFiltersProtect(t *testing.T) {
	nearby(t, func(t *testing.T, o Options, dst string) {
		o.Filters = []string{"- *.keep"}
		src := t.TempDir()
		tree(t, src, "d/f", "d/unsent.keep")
		tree(t, dst, "gone/x", "gone/y.keep", "d/old.keep", "d/old", "leaf.keep")
		res := run(t, NewRunner(o), Invocation{
			RootFD: openRoot(t, src), Delete: DeleteBudget, MaxDelete: -1, Items: []Item{
				{Path: "gone", Missing: true},
				{Path: "leaf.keep", Missing: true},
				{Path: "d", Level: true, Dir: true},
			},
		})
		for name, want := range map[string]bool{
			"gone/x": false, "gone/y.keep": true, "d/old.keep": true, "d/old": false,
			"d/unsent.keep": false, "d/f": true, "leaf.keep": true,
		} {
			if exists(filepath.Join(dst, name)) != want {
				t.Errorf("%s exists: %v, want %v", name, !want, want)
			}
		}
		if res.Kept == 0 {
			t.Errorf("Kept = 0:\n%s", res.Stderr)
		}
	})
}

// One unreadable directory stops the deletions of its run; they must not be taken for done, and
// its replica must stay.
func TestUnreadableDirectoryStopsDeletions(t *testing.T) {
	if os.Geteuid() == 0 {
		// root reads everything, except through a filesystem error; a path listed below what is
		// not a directory is one for rsync.
		nearby(t, func(t *testing.T, o Options, dst string) {
			src := t.TempDir()
			tree(t, src, "notdir", "d/f")
			tree(t, dst, "d/extra")
			res, err := NewRunner(o).Run(t.Context(), Invocation{
				RootFD: openRoot(t, src), Delete: DeleteBudget, MaxDelete: -1, Items: []Item{
					{Path: "notdir/below"}, {Path: "d", Level: true, Dir: true},
				},
			})
			var e *Error
			if !errors.As(err, &e) || e.Class != Partial {
				t.Errorf("err = %v", err)
			}
			if !res.DeletesSkipped || !exists(filepath.Join(dst, "d/extra")) {
				t.Errorf("DeletesSkipped is %v\n%s", res.DeletesSkipped, res.Stderr)
			}
		})
		return
	}
	src, dst := t.TempDir(), t.TempDir()
	tree(t, src, "secret/f", "d/f")
	tree(t, dst, "secret/f", "d/extra")
	must(t, os.Chmod(filepath.Join(src, "secret"), 0))
	t.Cleanup(func() { os.Chmod(filepath.Join(src, "secret"), 0o755) })
	res, err := NewRunner(Options{Dest: dst}).Run(t.Context(), Invocation{
		RootFD: openRoot(t, src), Items: []Item{{}}, Recursive: true, Delete: DeleteBudget, MaxDelete: -1,
	})
	if err == nil || !res.DeletesSkipped || !exists(filepath.Join(dst, "secret/f")) {
		t.Errorf("%+v, %v", res, err)
	}
}

// Thousands of names on a receiver that can't be given a list of missing ones: the rules of one
// process have to fit its arguments.
func TestManyDeletionsWithoutMissingArgs(t *testing.T) {
	const n = 3000
	inv := Invocation{Delete: DeleteBudget, MaxDelete: -1}
	for i := range n {
		inv.Items = append(inv.Items, Item{
			Path: fmt.Sprintf("d/%s%d", strings.Repeat("n", 200), i), Missing: true,
		})
	}
	o := Options{Dest: "/nowhere"}.withDefaults()
	q := Quirks{Local: Version{3, 5, 0}, Branch: BranchAB, window: "-@-1"}
	steps := o.steps(q, &inv, false)
	total := 0
	for _, s := range steps {
		size := 0
		for _, a := range o.form(s, q, &inv).args {
			size += len(a) + 1 + 8
		}
		if size > 1<<20 {
			t.Errorf("a process has %d bytes of arguments", size)
		}
		total += len(s.missing)
	}
	if total != n || len(steps) < 2 {
		t.Errorf("%d names in %d steps", total, len(steps))
	}
	inv.Extras = true
	if steps := o.steps(q, &inv, false); len(steps) != 1 {
		t.Errorf("%d steps without rules", len(steps))
	}
}
