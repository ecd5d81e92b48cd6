package rsyncexec

import (
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
			{Path: "-d/e", Dir: true}, {Path: "#x"}, {Path: "gone", Missing: true}, {Path: "up/.hid", Dir: true},
			{Path: "was-dir"}, {Path: "link"}, {Path: "a:b", Dir: true}, {Path: "*", Dir: true},
		}},
		"root": {Recursive: true, Items: []Item{{}}},
		"levels": {Items: []Item{
			{Path: "-d", Dir: true, Level: true}, {Path: "#x"}, {Path: "gone", Missing: true},
			{Path: "*", Dir: true, Level: true}, {Path: "a:b", Dir: true},
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
