package resolve

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sersync/sersync/engine/task"
)

// names is a LinkIndex of one file.
type names struct {
	ino   uint64
	paths []string
}

func (n *names) Names(_ string, _, ino uint64, _ uint32) []string {
	if ino != n.ino {
		return nil
	}
	return n.paths
}

func TestHardLinks(t *testing.T) {
	tests := []struct {
		name  string
		kind  task.Kind
		index []string
		debts []owed
		want  string
	}{
		{
			name: "all names in one run", kind: task.KindContent, index: []string{"a/x", "b/y", "c/z"},
			debts: []owed{{"b/y", task.Entry, content}},
			want:  "file a/x\n file b/y\n file c/z\n paid 1",
		},
		{
			name: "once, though several are owed", kind: task.KindContent, index: []string{"a/x", "b/y", "c/z"},
			debts: []owed{{"a/x", task.Entry, content}, {"b/y", task.Entry, content}},
			want:  "file a/x\n file b/y\n file c/z\n paid 2",
		},
		{
			name: "a name that the index has and the tree has not is not deleted", kind: task.KindContent,
			index: []string{"a/x", "gone", "other", "b/y"},
			debts: []owed{{"a/x", task.Entry, content}},
			want:  "file a/x\n file b/y\n paid 1",
		},
		{
			name: "a subtree takes the names outside along", kind: task.KindTree,
			index: []string{"a/x", "b/y", "c/z"},
			debts: []owed{{"b", task.Subtree, 0}},
			want:  "file a/x\n tree b\n file c/z\n paid 1",
		},
		{
			name: "a listing too", kind: task.KindQuick, index: []string{"a/x", "b/y", "c/z"},
			debts: []owed{{"c", task.Listing, 0}},
			want:  "file a/x\n file b/y\n level c\n paid 1",
		},
		{
			name: "attributes alone do not send the content again", kind: task.KindQuick,
			index: []string{"a/x", "b/y", "c/z"},
			debts: []owed{{"b/y", task.Entry, attr}},
			want:  "file a/x\n file b/y\n file c/z\n paid 1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			index := &names{paths: tt.index}
			g := newRig(t, Options{HardLinks: true, Links: index})
			g.do("file a/x; dir b; dir c; file other; link a/x b/y; link a/x c/z")
			fi, err := os.Stat(filepath.Join(g.dir, "a/x"))
			if err != nil {
				t.Fatal(err)
			}
			index.ino = fi.Sys().(*syscall.Stat_t).Ino
			var o owe
			var debts []task.Debt
			for _, d := range tt.debts {
				debts = append(debts, o.debt(d.path, d.scope, d.what))
			}
			if got, want := show(g.resolve(tt.kind, debts...)), lines(tt.want); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}
