package resolve

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/task"
)

// The tree may change between two looks of one pass: what must not be listed below a line is then
// found only at the end.
func TestPrune(t *testing.T) {
	file := func(path string) line { return line{path: path, claim: task.Entry} }
	gone := func(path string) line { return line{path: path, missing: true, claim: task.Subtree} }
	dir := func(path string) line { return line{path: path, dir: true, claim: task.Entry} }
	level := func(path string) line { return line{path: path, dir: true, level: true, claim: task.Listing} }
	tree := func(path string) line { return line{path: path, dir: true, claim: task.Subtree} }
	tests := []struct {
		name       string
		have, want []line
	}{
		{
			"a directory went while it was looked at",
			[]line{file("a/f"), gone("a"), file("a-b"), file("b")},
			[]line{gone("a"), file("a-b"), file("b")},
		},
		{
			"a directory came while it was looked at",
			[]line{gone("a"), dir("a"), file("a/f")},
			[]line{dir("a"), file("a/f")},
		},
		{
			"a tree stands for all below, once",
			[]line{tree("a"), file("a/f"), gone("a/g"), tree("a/h"), dir("a")},
			[]line{tree("a")},
		},
		{
			"a level below a tree", []line{tree("a"), level("a/b")}, []line{tree("a")},
		},
		{
			"the root's attributes stand for nothing", []line{dir(""), file("a")}, []line{dir(""), file("a")},
		},
		{
			"the root's level stands for its entries",
			[]line{level(""), file("a"), file("b/c"), file("d")},
			[]line{level(""), file("b/c")},
		},
		{
			"attributes and entries of one directory",
			[]line{dir("a"), level("a"), file("a/f"), level("a/b"), file("a/b/c"), file("a/g")},
			[]line{level("a"), level("a/b")},
		},
		{
			"the wider claim stays",
			[]line{file("a"), {path: "a", claim: task.Subtree}},
			[]line{{path: "a", claim: task.Subtree}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &pass{lines: slices.Clone(tt.have)}
			p.order()
			p.prune()
			if diff := cmp.Diff(tt.want, p.lines, cmp.AllowUnexported(line{})); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestComparePaths(t *testing.T) {
	sorted := []string{"", "a", "a/b", "a/b/c", "a/b-", "a!", "a-", "a-/x", "aa", "b"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := comparePaths(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("comparePaths(%q, %q) = %d", a, b, got)
			}
			below := a == b || a == "" || strings.HasPrefix(b, a+"/")
			if got := covers(a, b); got != below {
				t.Errorf("covers(%q, %q) = %v", a, b, got)
			}
		}
	}
}
