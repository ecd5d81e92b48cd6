package deliver

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/task"
)

var epoch = time.Unix(1_800_000_000, 0)

func planOf(b *Batch) *task.Plan {
	p := &task.Plan{Kind: b.Kind, Paid: b.Debts}
	for _, d := range b.Debts {
		p.Items = append(p.Items, task.Item{Path: d.Path, Dir: d.Scope != task.Entry, Level: d.Scope == task.Listing})
	}
	return p
}

func all() Want { return Want{Idle: 1, Bulk: true} }

func paths(b *Batch) []string {
	var list []string
	if b != nil {
		for _, d := range b.Debts {
			list = append(list, d.Path)
		}
	}
	return list
}

func TestAddMerges(t *testing.T) {
	q := NewQueue(0)
	q.Add(epoch, []task.Debt{
		{Path: "a", What: task.Content, Origin: task.Recovery, Class: task.ClassBulk, Since: 20, Seq: 3},
		{Path: "a", What: task.Attr, Origin: task.Live, Since: 30, Seq: 9},
		{Path: "a", What: task.Attr, Origin: task.Asked, Since: 10, Seq: 4},
		{Path: "a", Scope: task.Listing, What: task.Attr, Since: 40, Seq: 10},
	})
	want := []task.Debt{
		{Path: "a", What: task.Content | task.Attr, Origin: task.Live, Since: 10, Seq: 9},
		{Path: "a", Scope: task.Listing, What: task.Attr, Since: 40, Seq: 10},
	}
	if diff := cmp.Diff(want, q.Unpaid(1<<62)); diff != "" {
		t.Errorf("owed (-want +got)\n%s", diff)
	}
	if low, ok := q.Low(); low != 10 || !ok {
		t.Errorf("Low = %d, %v", low, ok)
	}
	if got := q.Unpaid(40); len(got) != 1 {
		t.Errorf("Unpaid(40) = %+v", got)
	}
}

func TestTakeGivesOneLaneOldestFirst(t *testing.T) {
	q := NewQueue(0)
	q.Add(epoch, []task.Debt{
		{Path: "bulk", What: task.Content, Class: task.ClassBulk, Since: 1},
		{Path: "c2", What: task.Content, Since: 9},
		{Path: "c1", What: task.Content, Since: 5},
		{Path: "asked", What: task.Content, Origin: task.Asked, Since: 6},
		{Path: "attr", What: task.Attr, Since: 7},
		{Path: "list", Scope: task.Listing, What: task.Attr, Since: 8},
		{Path: "big1", What: task.Content | task.Large, Class: task.ClassBulk, Since: 2},
		{Path: "big2", What: task.Content | task.Large, Class: task.ClassBulk, Since: 3},
	})
	var got []string
	for b := q.Take(epoch, all()); b != nil; b = q.Take(epoch, all()) {
		got = append(got, fmt.Sprintf("%v %v %v", b.Class, b.Kind, paths(b)))
	}
	want := []string{
		"live content [c1 c2]", "live content [asked]", "live quick [attr]", "live quick [list]",
		"bulk content [bulk]", "bulk large [big1]", "bulk large [big2]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batches (-want +got)\n%s", diff)
	}
}

func TestBatchSizes(t *testing.T) {
	tests := []struct{ ready, idle, max, want int }{
		{100, 4, 0, 100},
		{1000, 4, 0, 256},
		{8000, 4, 0, 2000},
		{50_000, 2, 0, 10_000},
		{1000, 4, 16, 16},
	}
	for _, tt := range tests {
		q := NewQueue(0)
		q.Add(epoch, files(tt.ready))
		if got := len(q.Take(epoch, Want{Idle: tt.idle, Max: tt.max}).Debts); got != tt.want {
			t.Errorf("%+v: took %d", tt, got)
		}
	}
}

// What a pass came apart into is shared out, smaller and smaller, so that no worker looks at all of
// it while the others wait.
func TestPassesAreSharedOut(t *testing.T) {
	q := NewQueue(0)
	debts := make([]task.Debt, 40)
	for i := range debts {
		debts[i] = task.Debt{Path: fmt.Sprint("d", i), Scope: task.Subtree, Origin: task.Asked, Since: 1}
	}
	q.Add(epoch, debts)
	var got []int
	for b := q.Take(epoch, Want{Idle: 1, All: 4}); b != nil; b = q.Take(epoch, Want{Idle: 1, All: 4}) {
		got = append(got, len(b.Debts))
	}
	if diff := cmp.Diff([]int{10, 7, 5, 4, 4, 4, 4, 2}, got); diff != "" {
		t.Errorf("batches (-want +got)\n%s", diff)
	}
}

func files(n int) []task.Debt {
	debts := make([]task.Debt, n)
	for i := range debts {
		debts[i] = task.Debt{
			Path: fmt.Sprintf("dir%03d/sub%02d/file%05d.dat", i%97, i%13, i),
			What: task.Content, Since: int64(i), Seq: uint64(i),
		}
	}
	return debts
}

func TestAbsorb(t *testing.T) {
	tests := []struct {
		name       string
		tree, debt task.Debt
		want       bool
	}{
		{"attributes", task.Debt{Path: "d"}, task.Debt{Path: "d/a", What: task.Attr}, true},
		{"of the directory itself", task.Debt{Path: "d"}, task.Debt{Path: "d", What: task.Attr}, true},
		{"a listing far below", task.Debt{}, task.Debt{Path: "d/e/f", Scope: task.Listing, What: task.Attr}, true},
		{"a subtree", task.Debt{Path: "d"}, task.Debt{Path: "d/e", Scope: task.Subtree}, true},
		{"content", task.Debt{Path: "d"}, task.Debt{Path: "d/a", What: task.Content}, false},
		{"elsewhere", task.Debt{Path: "d"}, task.Debt{Path: "da", What: task.Attr}, false},
		{"a live one into bulk", task.Debt{Path: "d", Class: task.ClassBulk}, task.Debt{Path: "d/a", What: task.Attr}, false},
		{"seen leaving, into a recovery", task.Debt{Path: "d", Origin: task.Recovery}, task.Debt{Path: "d/a", What: task.Attr | task.Left}, false},
		{"seen leaving, into a live one", task.Debt{Path: "d"}, task.Debt{Path: "d/a", What: task.Attr | task.Left}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := NewQueue(0)
			tt.tree.Scope, tt.tree.What, tt.tree.Since = task.Subtree, task.Attr, 2
			tt.debt.Since = 1
			q.Add(epoch, []task.Debt{tt.tree, tt.debt})
			b := q.Take(epoch, all())
			if got := q.depth().absorbed == 1; got != tt.want {
				t.Errorf("absorbed: %v, took %q", got, paths(b))
			}
			if low, _ := q.Low(); low != 1 {
				t.Errorf("the oldest event is forgotten: %d", low)
			}
		})
	}
}

// A recursive run pays a content debt only if it sent that very file, and only one that came
// before it looked.
func TestContentBelowARunningSubtree(t *testing.T) {
	q := NewQueue(0)
	q.Add(epoch, []task.Debt{
		{Path: "d", Scope: task.Subtree, What: task.Attr, Since: 1, Seq: 1},
		{Path: "d/sent", What: task.Content, Since: 2, Seq: 2},
		{Path: "d/skipped", What: task.Content, Since: 3, Seq: 3},
		{Path: "d/again", What: task.Content, Since: 4, Seq: 4},
		{Path: "d/open", What: task.Content | task.Writing, Since: 5, Seq: 5},
		{Path: "d/attr", What: task.Attr, Since: 6, Seq: 6},
	})
	b := q.Take(epoch, all())
	if !q.Admit(epoch, b, planOf(b)) {
		t.Fatal("refused")
	}
	q.Add(epoch, []task.Debt{{Path: "d/again", What: task.Content, Since: 7, Seq: 7}})
	if other := q.Take(epoch, all()); other != nil {
		t.Fatalf("took %q below a running Subtree", paths(other))
	}
	q.settle(epoch, b, settlement{transferred: []string{"d/sent", "d/again", "d/open", "d/attr"}})
	b = q.Take(epoch, all())
	if diff := cmp.Diff([]string{"d/again", "d/open", "d/skipped"}, paths(b)); diff != "" {
		t.Errorf("still owed (-want +got)\n%s", diff)
	}
}

// The plan's own Carried debts are paid by the same rule.
func TestCarried(t *testing.T) {
	for _, ok := range []bool{true, false} {
		q := NewQueue(0)
		q.Add(epoch, []task.Debt{{Path: "d", Scope: task.Subtree, What: task.Attr, Since: 1}})
		b := q.Take(epoch, all())
		p := planOf(b)
		p.Carried = []task.Debt{{Path: "d/sent", What: task.Content, Since: 1}, {Path: "d/not", What: task.Content, Since: 1}}
		q.Admit(epoch, b, p)
		s := settlement{transferred: []string{"d/sent"}}
		want := []string{"d/not"}
		if !ok {
			s.judge = func(e *entry) bool { return e.Scope == task.Subtree }
			want = []string{"d/not", "d/sent"}
		}
		q.settle(epoch, b, s)
		if diff := cmp.Diff(want, paths(q.Take(epoch, all()))); diff != "" {
			t.Errorf("success %v: owed (-want +got)\n%s", ok, diff)
		}
	}
}

func TestWaitingDebtThatChanges(t *testing.T) {
	tests := []struct {
		reason task.Reason
		ready  time.Duration // after the change; negative: not within an hour
	}{
		{task.Open, 0},
		{task.Held, 0},
		{task.Doubtful, 0},
		{task.Failed, time.Second},
		{task.Paused, -1},
	}
	for _, tt := range tests {
		t.Run(tt.reason.String(), func(t *testing.T) {
			q := NewQueue(0)
			q.Add(epoch, []task.Debt{{Path: "a", What: task.Content, Since: 1, Seq: 1}})
			b := q.Take(epoch, all())
			p := &task.Plan{Kind: b.Kind, Back: []task.Waiting{{
				Debt: b.Debts[0], Reason: tt.reason, NotBefore: epoch.Add(2 * time.Hour), Why: "because",
			}}}
			if tt.reason == task.Held {
				p.Back[0].NotBefore = time.Time{}
			}
			q.Admit(epoch, b, p)
			q.settle(epoch, b, settlement{})
			if b := q.Take(epoch.Add(time.Hour), all()); b != nil {
				t.Fatal("ready although it waits")
			}
			q.Add(epoch.Add(time.Hour), []task.Debt{{Path: "a", What: task.Content, Since: 2, Seq: 2}})
			at := epoch.Add(time.Hour).Add(tt.ready)
			if tt.ready > 0 && q.Take(at.Add(-time.Millisecond), all()) != nil {
				t.Error("ready at once")
			}
			if got := q.Take(at, all()); (got != nil) != (tt.ready >= 0) {
				t.Errorf("took %q at %v after the change", paths(got), tt.ready)
			}
		})
	}
}

// A refused plan makes those wait that met the other run, and nobody else.
func TestRefusedPlan(t *testing.T) {
	q := NewQueue(0)
	q.Add(epoch, []task.Debt{{Path: "a/b/f", What: task.Content, Since: 1}})
	one := q.Take(epoch, all())
	q.Add(epoch, []task.Debt{{Path: "a/c", What: task.Content, Since: 2}, {Path: "x", What: task.Content, Since: 3}})
	two := q.Take(epoch, all())
	if !q.Admit(epoch, one, planOf(one)) {
		t.Fatal("refused with no other run under way")
	}
	p := planOf(two)
	p.Items[0] = task.Item{Path: "a", Missing: true} // a is gone by now
	if q.Admit(epoch, two, p) {
		t.Fatal("admitted although the other run writes below a")
	}
	if got := paths(q.Take(epoch, all())); !cmp.Equal(got, []string{"x"}) {
		t.Errorf("took %q", got)
	}
	q.settle(epoch, one, settlement{})
	if got := paths(q.Take(epoch, all())); !cmp.Equal(got, []string{"a/c"}) {
		t.Errorf("took %q after the other run", got)
	}
}

// A resolver that only gives back what it is given gets less and less, and no endless loop.
func TestPlanThatOnlyGivesBack(t *testing.T) {
	q := NewQueue(0)
	q.Add(epoch, files(64))
	for n := 1; ; n++ {
		b := q.Take(epoch, all())
		if b == nil {
			break
		}
		if n > 200 {
			t.Fatal("no end")
		}
		p := &task.Plan{Kind: b.Kind}
		for _, d := range b.Debts {
			p.Back = append(p.Back, task.Waiting{Debt: d})
		}
		q.Admit(epoch, b, p)
		q.settle(epoch, b, settlement{})
	}
	if d := q.depth(); d.waiting[task.Failed] != 64 {
		t.Errorf("%+v", d)
	}
}

// What resolve can't look at waits, shown as failed, and a paused part is looked at now and then.
func TestBackWithoutATime(t *testing.T) {
	q := NewQueue(0)
	q.Add(epoch, files(2))
	b := q.Take(epoch, all())
	q.Admit(epoch, b, &task.Plan{Kind: b.Kind, Back: []task.Waiting{
		{Debt: b.Debts[0], Reason: task.Failed, Why: "EACCES"},
		{Debt: b.Debts[1], Reason: task.Paused, Why: "not mounted"},
	}})
	q.settle(epoch, b, settlement{})
	if b := q.Take(epoch, all()); b != nil {
		t.Fatalf("took %q", paths(b))
	}
	if got := q.Take(epoch.Add(time.Minute), Want{Idle: 1, Bulk: true}); got == nil {
		t.Error("never looked at again")
	}
}

// A debt can be put off for a moment without a reason.
func TestPutOff(t *testing.T) {
	q := NewQueue(0)
	q.Add(epoch, files(1))
	b := q.Take(epoch, all())
	q.Admit(epoch, b, &task.Plan{Kind: b.Kind, Back: []task.Waiting{
		{Debt: b.Debts[0], NotBefore: epoch.Add(100 * time.Millisecond)},
	}})
	q.settle(epoch, b, settlement{})
	if b := q.Take(epoch.Add(99*time.Millisecond), all()); b != nil {
		t.Fatal("taken too early")
	}
	if b := q.Take(epoch.Add(100*time.Millisecond), all()); b == nil {
		t.Fatal("not taken in time")
	}
}
