package resolve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/task"
)

// Shorthands for the tables.
const (
	content = task.Content
	attr    = task.Attr
	left    = task.Left
	wasDir  = task.WasDir
	stray   = task.Stray
)

type owed struct {
	path  string
	scope task.Scope
	what  task.What
}

func (o owed) String() string { return fmt.Sprintf("%s %v", o.path, o.scope) }

func TestResolve(t *testing.T) {
	tests := []struct {
		name  string
		tree  string
		kind  task.Kind
		debts []owed
		want  string
	}{
		{
			name: "a changed file", tree: "file a/f",
			debts: []owed{{"a/f", task.Entry, content}},
			want:  "file a/f\n paid 1",
		},
		{
			name: "only the topmost missing directory is listed",
			debts: []owed{
				{"a", task.Entry, attr | left | wasDir | content},
				{"a/b/f", task.Entry, content | left},
				{"a/b/g", task.Entry, content | left},
			},
			want: "missing a\n deletes 1 or more\n paid 3",
		},
		{
			name: "a name seen leaving as a file takes nothing with it", tree: "dir a",
			debts: []owed{{"a/f", task.Entry, content | left}},
			want:  "missing a/f\n deletes 1\n paid 1",
		},
		{
			name: "a name that may have been a directory may take more", tree: "dir a",
			kind:  task.KindQuick,
			debts: []owed{{"a/d", task.Entry, attr | left | wasDir}},
			want:  "missing a/d\n deletes 1 or more\n paid 1",
		},
		{
			name: "nothing is listed below a symlink", tree: "file b/f; symlink b a",
			debts: []owed{{"a/f", task.Entry, content}, {"a/g", task.Entry, content | left}},
			want:  "file a over a directory\n paid 2",
		},
		{
			name: "nothing is listed below a file", tree: "file a",
			debts: []owed{{"a", task.Entry, content}, {"a/f", task.Entry, content | left}},
			want:  "file a over a directory\n paid 2",
		},
		{
			name: "symlink and fifo", tree: "symlink nowhere l; fifo p",
			debts: []owed{{"l", task.Entry, content}, {"p", task.Entry, content}},
			want:  "file l\n file p\n paid 2",
		},
		{
			name: "names that sort around a slash", tree: "file a/f; file a-b",
			debts: []owed{{"a-b", task.Entry, content}, {"a/f", task.Entry, content}},
			want:  "file a/f\n file a-b\n paid 2",
		},
		{
			name: "content owed to what is a directory now: its attributes", tree: "dir d",
			debts: []owed{{"d", task.Entry, content}},
			want:  "back quick entry d\n paid 0",
		},
		{
			name: "attributes of directories and of the root", tree: "dir d; file d/f", kind: task.KindQuick,
			debts: []owed{{"", task.Entry, attr}, {"d", task.Entry, attr}, {"d/f", task.Entry, attr}},
			want:  "dir .\n dir d\n file d/f\n paid 3",
		},
		{
			name: "debts of another kind come back", tree: "file f",
			debts: []owed{{"f", task.Entry, attr}, {"f", task.Listing, 0}, {"f", task.Entry, content}},
			want:  "file f\n back quick entry f\n back quick listing f\n paid 1",
		},
		{
			name: "content on a name that is not there waits for the event that says why", tree: "dir a",
			debts: []owed{{"a/#15", task.Entry, content}},
			want:  "back content entry a/#15\n paid 0",
		},
		{
			name: "content on a name that never was there: its directory", tree: "dir a",
			debts: []owed{{"a/#15", task.Entry, content | stray}},
			want:  "back quick listing a\n paid 0",
		},
		{
			name:  "content after the name left: the name goes, and its directory is listed",
			debts: []owed{{"a", task.Entry, content | left | stray}},
			want:  "missing a\n back quick listing .\n deletes 1\n paid 1",
		},
		{
			name: "a listing", tree: "file a/f; file a/d/g", kind: task.KindQuick,
			debts: []owed{{"a", task.Listing, 0}},
			want:  "level a\n paid 1",
		},
		{
			name: "a listing stands for owed names in it, but not for deletions and not below",
			tree: "file a/f; file a/d/g", kind: task.KindQuick,
			debts: []owed{
				{"a", task.Listing, 0},
				{"a", task.Entry, attr},
				{"a/f", task.Entry, attr},
				{"a/d", task.Entry, attr},
				{"a/d/g", task.Entry, attr},
				{"a/x", task.Entry, left},
			},
			want: "level a\n file a/d/g\n missing a/x\n deletes 1\n paid 6",
		},
		{
			name: "a listing of what is a file now, or nothing", tree: "file a", kind: task.KindQuick,
			debts: []owed{{"a", task.Listing, 0}, {"b", task.Listing, 0}},
			want:  "file a over a directory\n missing b\n deletes 1 or more\n paid 2",
		},
		{
			name: "content folded into a listing is not left to the quick check",
			tree: "file a/f; file a/d/g; symlink x a/l", kind: task.KindQuick,
			debts: []owed{{"a", task.Listing, content}},
			want:  "level a\n back content entry a/f\n paid 1",
		},
		{
			name: "content folded into a subtree is not left to the quick check",
			tree: "file a/f; file a/d/g", kind: task.KindTree,
			debts: []owed{{"a", task.Subtree, content}},
			want:  "tree a\n carried a/d/g\n carried a/f\n paid 1",
		},
		{
			name: "subtrees, one in another, and content below and elsewhere",
			tree: "file a/b/f; file c; file x/y", kind: task.KindTree,
			debts: []owed{
				{"a/b", task.Subtree, 0},
				{"a", task.Subtree, 0},
				{"x", task.Subtree, 0},
				{"a/b/f", task.Entry, content},
				{"c", task.Entry, content},
				{"x/y", task.Entry, content},
			},
			want: "tree a\n tree x\n carried a/b/f\n carried x/y\n back content entry c\n paid 3",
		},
		{
			name: "a subtree in another keeps its content", tree: "file a/b/f; file a/c", kind: task.KindTree,
			debts: []owed{{"a", task.Subtree, 0}, {"a/b", task.Subtree, content}},
			want:  "tree a\n carried a/b/f\n paid 2",
		},
		{
			name: "a subtree of what is gone, a file, or a symlink",
			tree: "file b; symlink b c", kind: task.KindTree,
			debts: []owed{{"a", task.Subtree, 0}, {"b", task.Subtree, content}, {"c", task.Subtree, 0}},
			want: `missing a
				file b over a directory
				file c over a directory
				back content entry b
				deletes 1 or more
				paid 3`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, Options{})
			g.do(tt.tree)
			var o owe
			var debts []task.Debt
			for _, d := range tt.debts {
				debts = append(debts, o.debt(d.path, d.scope, d.what))
			}
			plan := g.resolve(tt.kind, debts...)
			if diff := cmp.Diff(lines(tt.want), show(plan)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// The owed path was looked at while the target was down; then its directory was moved away.
func TestLookedAtAgainAtEachAttempt(t *testing.T) {
	g := newRig(t, Options{})
	g.do("file a/x/f")
	var o owe
	d := o.debt("a/x/f", task.Entry, content)
	if got, want := show(g.resolve(task.KindContent, d)), "file a/x/f\npaid 1"; got != want {
		t.Fatalf("first attempt:\n%s\nwant:\n%s", got, want)
	}
	g.do("mv a b; symlink b a")
	want := "file a over a directory\npaid 1"
	if got := show(g.resolve(task.KindContent, d)); got != want {
		t.Errorf("second attempt:\n%s\nwant:\n%s", got, want)
	}
}

func TestOriginsNeverShareARun(t *testing.T) {
	g := newRig(t, Options{})
	var o owe
	asked, live := o.debt("a", task.Entry, attr|left), o.debt("b", task.Entry, attr|left)
	asked.Origin, asked.Class = task.Asked, task.ClassBulk
	plan := g.resolve(task.KindQuick, asked, live)
	want := "missing b\nback quick entry a\ndeletes 1\npaid 1"
	if got := show(plan); got != want || plan.Origin != task.Live || plan.Class != task.ClassLive {
		t.Errorf("got %v %v:\n%s\nwant live:\n%s", plan.Origin, plan.Class, got, want)
	}
	plan = g.resolve(task.KindQuick, asked)
	if plan.Origin != task.Asked || plan.Class != task.ClassBulk {
		t.Errorf("alone: got %v %v, want asked bulk", plan.Origin, plan.Class)
	}
}

func TestRootIsCheckedFirst(t *testing.T) {
	g := newRig(t, Options{})
	g.do("file f")
	var o owe
	d := o.debt("f", task.Entry, content)
	elsewhere := g.dir + ".moved"
	if err := os.Rename(g.dir, elsewhere); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(elsewhere) })
	if _, err := g.r.Resolve(context.Background(), task.KindContent, []task.Debt{d}); !errors.Is(err, ErrPaused) {
		t.Errorf("root missing: %v, want ErrPaused", err)
	}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := g.r.Resolve(context.Background(), task.KindContent, []task.Debt{d}); !errors.Is(err, ErrReplaced) {
		t.Errorf("root created anew: %v, want ErrReplaced", err)
	}
}

func TestCanceled(t *testing.T) {
	g := newRig(t, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var o owe
	_, err := g.r.Resolve(ctx, task.KindContent, []task.Debt{o.debt("f", task.Entry, content)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
