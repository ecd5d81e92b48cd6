package deliver

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/task"
)

func TestCollapse(t *testing.T) {
	many := func(dir string, n int, d task.Debt) []task.Debt {
		var list []task.Debt
		for i := range n {
			d.Path = join(dir, fmt.Sprint("f", i))
			d.Since, d.Seq = int64(100+i), uint64(i)
			list = append(list, d)
		}
		return list
	}
	tests := []struct {
		name  string
		debts []task.Debt
		want  []task.Debt
	}{
		{
			"the fullest directory becomes a listing, content stays owed",
			append(many("d", 9, task.Debt{What: task.Content}), many("e", 2, task.Debt{What: task.Attr})...),
			append([]task.Debt{{
				Path: "d", Scope: task.Listing, What: task.Content | task.Attr,
				Origin: task.Recovery, Class: task.ClassBulk, Since: 100, Seq: 8,
			}}, many("e", 2, task.Debt{What: task.Attr})...),
		},
		{
			"names seen leaving are recovery from then on",
			many("d", 11, task.Debt{What: task.Attr | task.Left | task.WasDir}),
			[]task.Debt{{
				Path: "d", Scope: task.Listing, What: task.Attr,
				Origin: task.Recovery, Class: task.ClassBulk, Since: 100, Seq: 10,
			}},
		},
		{
			"subtrees stay subtrees",
			many("d/e", 11, task.Debt{Scope: task.Subtree, What: task.Attr}),
			[]task.Debt{{
				Path: "d/e", Scope: task.Subtree, What: task.Attr,
				Origin: task.Recovery, Class: task.ClassBulk, Since: 100, Seq: 10,
			}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := NewQueue(10)
			q.Add(epoch, tt.debts)
			if diff := cmp.Diff(tt.want, q.Unpaid(1<<62), byKey()); diff != "" {
				t.Errorf("owed (-want +got)\n%s", diff)
			}
			if got := q.depth().collapsed; got != uint64(len(tt.debts)-len(tt.want)) {
				t.Errorf("counts %d collapsed", got)
			}
		})
	}
}

func byKey() cmp.Option {
	return cmp.Transformer("byKey", func(in []task.Debt) map[string]task.Debt {
		out := make(map[string]task.Debt)
		for _, d := range in {
			out[fmt.Sprint(d.Path, d.Scope)] = d
		}
		return out
	})
}

// Stuck paths never collapse, and waiting ones do not make ready ones wait.
func TestCollapseOfWaitingDebts(t *testing.T) {
	q := NewQueue(20)
	q.Add(epoch, files(9))
	b := q.Take(epoch, all())
	p := &task.Plan{Kind: b.Kind}
	for i, d := range b.Debts {
		d.Path = "d/" + d.Path[len(d.Path)-5:]
		reason := task.Failed
		if i%3 == 0 {
			reason = task.Open
		}
		p.Back = append(p.Back, task.Waiting{Debt: d, Reason: reason, NotBefore: epoch.Add(1e9), Why: "x"})
	}
	p.Drop = len(b.Debts)
	q.Admit(epoch, b, p)
	q.settle(epoch, b, settlement{})
	var ready []task.Debt
	for i := range 14 {
		ready = append(ready, task.Debt{Path: fmt.Sprint("d/r", i), What: task.Attr, Since: 5})
	}
	q.Add(epoch, ready)
	d := q.depth()
	if d.waiting[task.Failed] != 6 || d.ready[task.ClassBulk] != 1 {
		t.Errorf("%+v, want 6 failed as they were, and a listing that is ready", d)
	}
}

func TestDepthAndCut(t *testing.T) {
	for _, tt := range []struct {
		path  string
		depth int
		at    int
		want  string
	}{
		{"", 0, 0, ""},
		{"a", 1, 0, ""},
		{"a/b/c", 3, 0, ""},
		{"a/b/c", 3, 1, "a"},
		{"a/b/c", 3, 2, "a/b"},
		{"a/b/c", 3, 3, "a/b/c"},
	} {
		if got := depthOf(tt.path); got != tt.depth {
			t.Errorf("depth of %q = %d", tt.path, got)
		}
		if got := cut(tt.path, tt.at); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.path, tt.at, got, tt.want)
		}
	}
}
