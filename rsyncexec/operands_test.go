package rsyncexec

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

// Paths as operands and as a list mean the same: what is sent and what is deleted.
func TestOperandsAreAsTheList(t *testing.T) {
	padding := slices.Repeat([]Item{{Path: "pad"}}, maxOperands+1)
	for name, inv := range map[string]Invocation{
		"trees": {Recursive: true, Items: []Item{
			{Path: "-d/e", Dir: true},
			{Path: "#x"},
			{Path: "gone", Missing: true},
			{Path: "up/.hid", Dir: true},
			{Path: "was-dir"},
			{Path: "link"},
			{Path: "a:b", Dir: true},
			{Path: "*", Dir: true},
		}},
		"root": {Recursive: true, Items: []Item{{}}},
		"levels": {Items: []Item{
			{Path: "-d", Dir: true, Level: true},
			{Path: "#x"},
			{Path: "gone", Missing: true},
			{Path: "*", Dir: true, Level: true},
			{Path: "a:b", Dir: true},
		}},
		"level of the root": {Items: []Item{{Dir: true, Level: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			nearby(t, func(t *testing.T, o Options, dst string) {
				src := t.TempDir()
				tree(t, src, "-d/e/1", "-d/e/deep/2", "-d/3", "#x", "up/.hid/4", "up/5", "was-dir", "link->up", "a:b/6", "*/7", "*/d/8", "pad")
				inv := inv
				inv.RootFD, inv.Delete, inv.MaxDelete = openRoot(t, src), DeleteBudget, -1
				after := func(padding []Item) []string {
					names, err := os.ReadDir(dst)
					must(t, err)
					for _, n := range names {
						must(t, os.RemoveAll(filepath.Join(dst, n.Name())))
					}
					tree(t, dst, "gone/x/y", "-d/e/extra", "-d/extra", "was-dir/old", "link/old", "*/extra/1", "extra", "#x=other", "pad")
					inv := inv
					inv.Items = slices.Concat(inv.Items, padding)
					r := NewRunner(o)
					run(t, r, inv)
					if f := r.o.form(step{kind: stepAll}, Quirks{}, &inv); (len(f.list) > 0) != (padding != nil) {
						t.Errorf("%d operands are listed: %v", len(inv.Items), len(f.list) > 0)
					}
					content, err := os.ReadFile(filepath.Join(dst, "#x"))
					must(t, err)
					return append(slices.Sorted(maps.Keys(rsynctest.Tree(t, dst))), string(content))
				}
				if diff := cmp.Diff(after(padding), after(nil)); diff != "" {
					t.Errorf("-list +operands:\n%s", diff)
				}
			})
		})
	}
}

// By content a level is short for its entries: nothing else is deleted, whatever the filters and the
// budget are, and what is hidden is neither sent nor looked at.
func TestLevelByContent(t *testing.T) {
	for name, filters := range map[string][]string{"plain": nil, "filters": {"- *.no"}} {
		for _, budget := range []int{0, -1} {
			t.Run(fmt.Sprintf("%s, budget %d", name, budget), func(t *testing.T) {
				nearby(t, func(t *testing.T, o Options, dst string) {
					o.Filters = filters
					src := t.TempDir()
					tree(t, src, "d/a=new", "d/b=new", "d/open=half", "d/o*=half", "d/sub/x", "d/x.no")
					tree(t, dst, "d/a=old", "d/open=whole", "d/extra", "d/old.no", "gone", "other/extra")
					inv := Invocation{
						RootFD: openRoot(t, src), Compare: Content, Delete: DeleteBudget, MaxDelete: budget,
						Items: []Item{{Path: "d", Level: true, Dir: true}, {Path: "gone", Missing: true}},
						Hide:  []string{"d/open", "d/o*", "d/sub"},
					}
					run(t, NewRunner(o), inv)
					for path, want := range map[string]string{
						"d/a": "new", "d/b": "new", "d/open": "whole", "d/extra": "d/extra", "d/old.no": "d/old.no",
						"other/extra": "other/extra",
					} {
						if got, err := os.ReadFile(filepath.Join(dst, path)); err != nil || string(got) != want {
							t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
						}
					}
					if exists(filepath.Join(dst, "d/sub")) || exists(filepath.Join(dst, "d/o*")) {
						t.Error("what is hidden was sent")
					}
					if exists(filepath.Join(dst, "gone")) != (budget == 0) {
						t.Errorf("gone exists: %v", budget != 0)
					}
					if filters != nil && exists(filepath.Join(dst, "d/x.no")) {
						t.Error("what is excluded was sent")
					}
				})
			})
		}
	}
}
