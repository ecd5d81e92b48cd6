package deliver

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// extras answers as a target that holds n names which the source has not.
func extras(n int) answer {
	return func(_ context.Context, _ int, _ *task.Plan, b guard.Budget) (Result, error) {
		may := n
		if !b.Delete {
			return Result{}, nil
		}
		if b.Max >= 0 {
			may = min(n, b.Max)
		}
		n -= may
		return Result{Deleted: may, Left: n}, nil
	}
}

func fullPass(r *rig, origin task.Origin) {
	r.seq++
	r.Add([]task.Debt{{Scope: task.Subtree, What: task.Attr, Origin: origin, Class: task.ClassBulk, Since: 1, Seq: r.seq}})
	synctest.Wait()
}

func TestFirstContactThatFindsExtras(t *testing.T) {
	g := guard.New(guard.Options{})
	bubble(t, Options{Guard: g}, extras(7), func(r *rig) {
		fullPass(r, task.Asked)
		s := r.Stats()
		if s.Deleted != 0 || s.Waiting[task.Held] != 1 || s.Contact != guard.Extra || !s.Idle() {
			t.Fatalf("after first contact: %+v", s)
		}
		if n := r.log.count("deletions are held"); n != 1 {
			t.Errorf("%d lines about it", n)
		}
		if n := r.Confirm(); n != 1 {
			t.Errorf("%d debts confirmed", n)
		}
		synctest.Wait()
		if s := r.Stats(); s.Deleted != 7 || s.Owed != 0 || s.Contact != guard.Clean {
			t.Errorf("after confirm: %+v", s)
		}
	})
}

func TestFirstContactThatFindsNothing(t *testing.T) {
	bubble(t, Options{Guard: guard.New(guard.Options{})}, nil, func(r *rig) {
		fullPass(r, task.Recovery)
		if s := r.Stats(); s.Contact != guard.Clean || s.Owed != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// First contact is over only when every part of the pass is: the parts that a plan splits it into,
// and those that have failed.
func TestFirstContactOfASplitPass(t *testing.T) {
	broken := true
	a := func(_ context.Context, _ int, p *task.Plan, _ guard.Budget) (Result, error) {
		for _, item := range p.Items {
			if item.Path == "d" && broken {
				return Result{Code: 23}, failure(ClassPartial)
			}
		}
		return Result{}, nil
	}
	bubble(t, Options{Guard: guard.New(guard.Options{}), Resolver: splitter{}}, a, func(r *rig) {
		fullPass(r, task.Asked)
		if s := r.Stats(); s.Contact != guard.Unknown || s.Waiting[task.Failed] != 1 {
			t.Errorf("with a part that failed: %+v", s)
		}
		broken = false
		r.paid()
		if s := r.Stats(); s.Contact != guard.Clean {
			t.Errorf("at the end: %+v", s)
		}
	})
}

// splitter gives a full pass back as a listing and two Subtrees.
type splitter struct{ echo }

func (s splitter) Resolve(ctx context.Context, kind task.Kind, debts []task.Debt) (*task.Plan, error) {
	if len(debts) == 1 && debts[0].Path == "" && debts[0].Scope == task.Subtree {
		p := &task.Plan{Kind: kind}
		for _, part := range []task.Debt{{Scope: task.Listing}, {Path: "d", Scope: task.Subtree}, {Path: "e", Scope: task.Subtree}} {
			d := debts[0]
			d.Path, d.Scope = part.Path, part.Scope
			p.Back = append(p.Back, task.Waiting{Debt: d})
		}
		return p, nil
	}
	return s.echo.Resolve(ctx, kind, debts)
}

// A dry run proves nothing about the target.
func TestDryRunIsNoContact(t *testing.T) {
	bubble(t, Options{Guard: guard.New(guard.Options{}), DryRun: true}, nil, func(r *rig) {
		fullPass(r, task.Asked)
		if s := r.Stats(); s.Contact != guard.Unknown || s.Owed != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// A name seen leaving is deleted at first contact too; one that a recovery finds missing is held,
// and what else was in its run is paid.
func TestWhatIsHeld(t *testing.T) {
	g := guard.New(guard.Options{Contact: guard.Extra})
	bubble(t, Options{Guard: g}, extras(1), func(r *rig) {
		r.Add([]task.Debt{
			{Path: "a", What: task.Content, Origin: task.Recovery, Since: 1, Seq: 1},
			{Path: "gone", What: task.Content | task.Left, Origin: task.Recovery, Since: 1, Seq: 2},
		})
		synctest.Wait()
		w := r.Queue().Waiting(9)
		if len(w) != 1 || w[0].Path != "gone" || w[0].Reason != task.Held || w[0].What&task.Content != 0 {
			t.Fatalf("waiting: %+v", w)
		}
		r.owe(task.Attr|task.Left, task.Entry, task.ClassLive, "gone") // now it is seen leaving
		synctest.Wait()
		if s := r.Stats(); s.Owed != 0 || s.Deleted != 1 {
			t.Errorf("after it was seen leaving: %+v", s)
		}
	})
}

// The budget of an hour is spent in parts until it is used up; then the rest is held, and a mode
// or limit that allows it lets it go.
func TestBudgetOfAnHourIsUsedUp(t *testing.T) {
	g := guard.New(guard.Options{Contact: guard.Clean})
	bubble(t, Options{Guard: g}, extras(250), func(r *rig) {
		fullPass(r, task.Recovery)
		if s := r.Stats(); s.Deleted != 100 || s.Waiting[task.Held] != 1 {
			t.Fatalf("%+v, want 100 deleted and the rest held", s)
		}
		if n := len(r.seen()); n > 10 {
			t.Errorf("%d runs", n)
		}
		r.SetMode(guard.Auto, guard.Limit{Names: -1})
		synctest.Wait()
		if s := r.Stats(); s.Deleted != 250 || s.Owed != 0 {
			t.Errorf("without limit: %+v", s)
		}
	})
}

// Held deletions are forgotten when a later pass has done them.
func TestLaterPassPaysHeld(t *testing.T) {
	g := guard.New(guard.Options{Contact: guard.Extra})
	bubble(t, Options{Guard: g}, extras(3), func(r *rig) {
		r.owe(task.Attr, task.Subtree, task.ClassBulk, "d")
		synctest.Wait()
		if s := r.Stats(); s.Waiting[task.Held] != 1 {
			t.Fatalf("%+v", s)
		}
		g.SetContact(guard.Confirmed)
		fullPass(r, task.Asked)
		if s := r.Stats(); s.Owed != 0 || s.Deleted != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func TestModeNeverPassesNoDeleteOption(t *testing.T) {
	g := guard.New(guard.Options{Mode: guard.Never})
	bubble(t, Options{Guard: g}, nil, func(r *rig) {
		fullPass(r, task.Asked)
		r.owe(task.Attr|task.Left, task.Entry, task.ClassLive, "gone")
		synctest.Wait()
		for _, run := range r.seen() {
			if run.b.Delete {
				t.Errorf("run of %q has delete options", run.paths)
			}
		}
		if s := r.Stats(); s.Owed != 0 || len(r.seen()) != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// In mode live the directory that came back under the name of one seen leaving is emptied of what
// is old; a directory that only appeared is not, others may feed it.
func TestSubtreeOfALeftName(t *testing.T) {
	g := guard.New(guard.Options{Mode: guard.Live})
	bubble(t, Options{Guard: g}, nil, func(r *rig) {
		r.Add([]task.Debt{
			{Path: "d", What: task.Attr | task.Left | task.WasDir, Since: 1, Seq: 1},
			{Path: "d", Scope: task.Subtree, What: task.Attr, Since: 2, Seq: 2},
		})
		synctest.Wait()
		r.Add([]task.Debt{{Path: "new", Scope: task.Subtree, What: task.Attr, Since: 3, Seq: 3}})
		synctest.Wait()
		for _, run := range r.seen() {
			if run.plan.Kind == task.KindTree && (run.b.Max != 0) != (run.paths == "d") {
				t.Errorf("Subtree %q may delete %d", run.paths, run.b.Max)
			}
		}
	})
}
