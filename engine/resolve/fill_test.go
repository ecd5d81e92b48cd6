package resolve

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/sersync/sersync/engine/task"
)

// A directory that is owed its content as a whole is one item.
func TestFill(t *testing.T) {
	tests := []struct {
		name   string
		o      Options
		owed   int
		script string
		also   []task.Debt
		want   []string // items
		hide   []string
	}{
		{name: "all of it", owed: 20, want: []string{"d/"}},
		{name: "too few to look", owed: fillMin - 1, want: files(fillMin - 1)},
		{
			name: "but some", owed: 20, script: "file d/open; dir d/sub; file d/a*b; symlink x d/link", want: []string{"d/"},
			hide: []string{"d/a*b", "d/link", "d/open", "d/sub"},
		},
		{name: "but many", owed: 20, script: spareFiles(fillSpare + 1), want: files(20)},
		{
			name: "what is excluded needs no rule", owed: 20, script: "dir d/tmp",
			o: Options{Filter: exclude{"tmp"}}, want: []string{"d/"},
		},
		{
			name: "a file over a directory", owed: 20, also: []task.Debt{{Path: "d/0003", What: content | task.WasDir, Seq: 99}},
			want: files(20),
		},
		{
			name: "a name that went", owed: 20, also: []task.Debt{{Path: "d/gone", What: content | left, Seq: 99}},
			want: []string{"d/", "d/gone"},
		},
		{
			name: "what may have been a directory went", owed: 20,
			also: []task.Debt{{Path: "e/gone", What: content | left | task.WasDir, Seq: 99}}, want: append(files(20), "e"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, tt.o)
			var w owe
			var debts []task.Debt
			for _, path := range files(tt.owed) {
				g.do("file " + path)
				debts = append(debts, w.debt(path, task.Entry, content))
			}
			g.do(tt.script)
			plan := g.resolve(task.KindContent, append(debts, tt.also...)...)
			var got []string
			for _, it := range plan.Items {
				if it.Level {
					it.Path += "/"
				}
				got = append(got, it.Path)
			}
			if !slices.Equal(got, tt.want) || !slices.Equal(slices.Sorted(slices.Values(plan.Hide)), tt.hide) {
				t.Errorf("items %q, hidden %q", got, plan.Hide)
			}
		})
	}
}

func files(n int) (paths []string) {
	for i := range n {
		paths = append(paths, fmt.Sprintf("d/%04d", i))
	}
	return paths
}

func spareFiles(n int) (script string) {
	for i := range n {
		script += fmt.Sprintf("file d/spare%d;", i)
	}
	return script
}

// The root's level has the root's own attributes with it, which nobody asked for.
func TestFillNotTheRoot(t *testing.T) {
	g := newRig(t, Options{})
	var w owe
	var debts []task.Debt
	for i := range 20 {
		path := fmt.Sprint(i)
		g.do("file " + path)
		debts = append(debts, w.debt(path, task.Entry, content))
	}
	if plan := g.resolve(task.KindContent, debts...); len(plan.Items) != 20 {
		t.Errorf("%d items", len(plan.Items))
	}
}

// Whatever is owed of whatever directories: nothing that a run pays is hidden from it.
func TestFillHidesNothingThatIsPaid(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := newRig(t, Options{})
		var w owe
		var debts []task.Debt
		for d := range rapid.IntRange(1, 12).Draw(rt, "directories") {
			dir := fmt.Sprintf("p%d/d%d", d%3, d)
			if err := os.MkdirAll(filepath.Join(g.dir, dir), 0o755); err != nil {
				rt.Fatal(err)
			}
			spare := rapid.IntRange(0, fillSpare+2).Draw(rt, "spare")
			for i := range rapid.IntRange(fillMin-2, fillMin*3).Draw(rt, "files") {
				path := fmt.Sprintf("%s/f%d", dir, i)
				g.do("file " + path)
				if i%3 != 0 || spare == 0 {
					debts = append(debts, w.debt(path, task.Entry, content))
				} else {
					spare--
				}
			}
		}
		g.resolve(task.KindContent, debts...) // account checks it
		if t.Failed() {
			rt.FailNow()
		}
	})
}
