package deliver

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/sersync/sersync/engine/task"
)

func TestOverlap(t *testing.T) {
	entry := func(p string) task.Claim { return task.Claim{Path: p, Scope: task.Entry} }
	listing := func(p string) task.Claim { return task.Claim{Path: p, Scope: task.Listing} }
	subtree := func(p string) task.Claim { return task.Claim{Path: p, Scope: task.Subtree} }
	tests := []struct {
		a, b task.Claim
		want bool
	}{
		{entry("a"), entry("a"), true},
		{entry("a"), entry("b"), false},
		{entry("a"), entry("a/b"), false},
		{entry("a"), subtree("a/b"), false},
		{listing("a"), entry("a"), true},
		{listing("a"), entry("a/b"), true},
		{listing("a"), listing("a/b"), true},
		{listing("a"), entry("a/b/c"), false},
		{listing(""), entry("a"), true},
		{listing(""), entry("a/b"), false},
		{subtree("a"), entry("a/b/c"), true},
		{subtree("a"), entry("ab"), false},
		{subtree(""), entry("x"), true},
		{subtree("a/b"), subtree("a"), true},
		{subtree("a/b"), listing("a"), true},
		{subtree("a/b/c"), listing("a"), false},
	}
	for _, tt := range tests {
		f := &footprint{claims: []task.Claim{tt.a}}
		g := &footprint{claims: []task.Claim{tt.b}}
		got := []bool{overlap(tt.a, tt.b), overlap(tt.b, tt.a), f.overlaps(tt.b), g.overlaps(tt.a)}
		if slices.Contains(got, !tt.want) {
			t.Errorf("%+v and %+v: %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

func genClaim(t *rapid.T) task.Claim {
	path := ""
	for range rapid.IntRange(0, 4).Draw(t, "depth") {
		path = join(path, rapid.SampledFrom([]string{"a", "b", "aa"}).Draw(t, "name"))
	}
	return task.Claim{Path: path, Scope: task.Scope(rapid.IntRange(0, 2).Draw(t, "scope"))}
}

// The index of a footprint says what comparing each claim with each other says.
func TestFootprintIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &footprint{claims: rapid.SliceOfN(rapid.Custom(genClaim), 0, 8).Draw(t, "claims")}
		c := genClaim(t)
		want := slices.ContainsFunc(f.claims, func(other task.Claim) bool { return overlap(c, other) })
		if got := f.overlaps(c); got != want {
			t.Fatalf("%+v overlaps %+v: %v, want %v", f.claims, c, got, want)
		}
		g := &footprint{claims: []task.Claim{c}}
		if clash(f, g) != want || clash(g, f) != want || (g.met(f) != nil) != want {
			t.Fatalf("clash of %+v and %+v is not %v", f.claims, c, want)
		}
	})
}

// What is no directory is claimed with all below it: another run may still see one there.
func TestFootprintOfAPlan(t *testing.T) {
	p := &task.Plan{Kind: task.KindQuick, Items: []task.Item{
		{Path: "gone", Missing: true}, {Path: "file"}, {Path: "dir", Dir: true}, {Path: "list", Dir: true, Level: true},
	}}
	f := ofPlan(p)
	for path, want := range map[string]bool{
		"gone/x": true, "file/x": true, "dir/x": false, "dir": true, "list/x": true, "list/x/y": false,
	} {
		if got := f.overlaps(task.Claim{Path: path}); got != want {
			t.Errorf("%q overlaps: %v, want %v", path, got, want)
		}
	}
}
