package deliver

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

func takes(d time.Duration) answer {
	return func(ctx context.Context, _ int, _ *task.Plan, _ guard.Budget) (Result, error) {
		if !pause(ctx, d) {
			return Result{Code: 20}, failure(ClassKilled)
		}
		return Result{}, nil
	}
}

// While bulk runs go on, a live change waits for none of them.
func TestBulkUsesHalfOfTheWorkers(t *testing.T) {
	bubble(t, Options{Workers: 4, Resolver: oneByOne{}}, takes(time.Minute), func(r *rig) {
		for i := range 10 {
			r.owe(task.Attr, task.Subtree, task.ClassBulk, fmt.Sprint("d", i))
		}
		synctest.Wait()
		if s := r.Stats(); s.Bulk != 2 || s.Running != 2 {
			t.Errorf("%d bulk runs of %d, want 2", s.Bulk, s.Running)
		}
		r.content("f")
		synctest.Wait()
		runs := r.seen()
		if last := runs[len(runs)-1]; last.paths != "f" || last.at != 0 {
			t.Errorf("last run %+v", last)
		}
		r.paid()
	})
}

// oneByOne gives all debts but the first back.
type oneByOne struct{ echo }

func (o oneByOne) Resolve(ctx context.Context, kind task.Kind, debts []task.Debt) (*task.Plan, error) {
	p, err := o.echo.Resolve(ctx, kind, debts[:1])
	for _, d := range debts[1:] {
		p.Back = append(p.Back, task.Waiting{Debt: d})
	}
	return p, err
}

func TestOneWorkerAlternates(t *testing.T) {
	bubble(t, Options{Workers: 1, Resolver: oneByOne{}}, takes(time.Second), func(r *rig) {
		for i := range 4 {
			r.owe(task.Attr, task.Subtree, task.ClassBulk, fmt.Sprint("d", i))
			r.content(fmt.Sprint("f", i))
		}
		r.paid()
		var order strings.Builder
		for _, run := range r.seen() {
			order.WriteString(run.paths[:1])
		}
		if got := order.String(); !strings.Contains(got, "fdfdfd") && !strings.Contains(got, "dfdfdf") {
			t.Errorf("order %q does not alternate", got)
		}
	})
}

// A Subtree over paths that change all the time gets its turn.
func TestBusySubtreeIsNotStarved(t *testing.T) {
	bubble(t, Options{Workers: 4}, takes(50*time.Millisecond), func(r *rig) {
		r.content("d/f0")
		synctest.Wait()
		r.owe(task.Attr, task.Subtree, task.ClassBulk, "d")
		for i := range 2000 {
			r.content(fmt.Sprint("d/f", i%20))
			r.sleep(7 * time.Millisecond)
		}
		for _, run := range r.seen() {
			if run.paths == "d" {
				if run.at > 3*time.Second {
					t.Errorf("the Subtree waited %v", run.at)
				}
				return
			}
		}
		t.Error("the Subtree never ran")
	})
}

// A change below a Subtree that runs waits for it, one elsewhere does not.
func TestLiveBesideARunningSubtree(t *testing.T) {
	bubble(t, Options{Workers: 4}, takes(time.Second), func(r *rig) {
		r.owe(task.Attr, task.Subtree, task.ClassBulk, "d")
		synctest.Wait()
		r.content("d/f", "elsewhere")
		synctest.Wait()
		runs := r.seen()
		if len(runs) != 2 || runs[1].paths != "elsewhere" {
			t.Errorf("runs %+v", runs)
		}
		if s := r.Stats(); s.Parked != 1 {
			t.Errorf("%+v", s)
		}
		r.paid()
		if runs = r.seen(); len(runs) != 3 || runs[2].paths != "d/f" || runs[2].at != time.Second {
			t.Errorf("runs %+v", runs)
		}
	})
}

// Two runs share a directory above what they send. The one that ends last has listed it first, and
// sets it back: the directory is owed again.
func TestSharedParentIsOwedAgain(t *testing.T) {
	a := func(ctx context.Context, n int, _ *task.Plan, _ guard.Budget) (Result, error) {
		pause(ctx, time.Duration(4-n)*time.Second) // the older run takes longer
		return Result{}, nil
	}
	bubble(t, Options{Workers: 2, Resolver: oneByOne{}}, a, func(r *rig) {
		r.content("d/e/a")
		synctest.Wait()
		r.content("d/b")
		r.paid()
		runs := r.seen()
		if len(runs) != 3 || runs[2].paths != "d" || runs[2].plan.Kind != task.KindQuick || runs[2].at != 3*time.Second {
			t.Errorf("runs %+v, want the attributes of d sent when the older one has ended", runs)
		}
	})
}

func TestDrainPaysLiveAndStopsBulk(t *testing.T) {
	a := func(ctx context.Context, _ int, p *task.Plan, _ guard.Budget) (Result, error) {
		d := time.Second
		if p.Kind == task.KindTree {
			d = time.Hour
		}
		if !pause(ctx, d) {
			return Result{Code: 20}, failure(ClassKilled)
		}
		return Result{}, nil
	}
	bubble(t, Options{Workers: 2, Resolver: oneByOne{}}, a, func(r *rig) {
		r.owe(task.Attr, task.Subtree, task.ClassBulk, "d1", "d2")
		r.content("a", "b", "c")
		synctest.Wait()
		ctx, stop := context.WithTimeout(r.t.Context(), 10*time.Second)
		defer stop()
		if owed := r.Drain(ctx); owed != 2 {
			t.Errorf("%d owed after the drain, want the two Subtrees", owed)
		}
		<-r.ended
		if d := time.Since(r.started); d != 3*time.Second {
			t.Errorf("drained after %v, three live runs of a second were owed", d)
		}
		if got := r.Queue().Unpaid(1 << 62); len(got) != 2 {
			t.Errorf("unpaid: %+v", got)
		}
	})
}

// A full pass under way overlaps with every change, so all of them wait for its end.
func TestDrainPaysWhatWaitsForAFullPass(t *testing.T) {
	a := func(ctx context.Context, _ int, p *task.Plan, _ guard.Budget) (Result, error) {
		d := time.Second
		if p.Kind == task.KindTree {
			d = time.Hour
		}
		if !pause(ctx, d) {
			return Result{Code: 20}, failure(ClassKilled)
		}
		return Result{}, nil
	}
	bubble(t, Options{Workers: 2}, a, func(r *rig) {
		r.owe(task.Attr, task.Subtree, task.ClassBulk, "")
		synctest.Wait()
		r.content("d/a", "d/b")
		synctest.Wait()
		ctx, stop := context.WithTimeout(r.t.Context(), 10*time.Second)
		defer stop()
		if owed := r.Drain(ctx); owed != 1 {
			t.Errorf("%d owed after the drain, want the full pass alone", owed)
		}
		if d := time.Since(r.started); d != time.Second {
			t.Errorf("drained after %v, one live run of a second was owed", d)
		}
	})
}

func TestDrainEndsAtItsDeadline(t *testing.T) {
	bubble(t, Options{Workers: 2, Resolver: oneByOne{}}, takes(4*time.Second), func(r *rig) {
		for i := range 20 {
			r.content(fmt.Sprint("f", i))
		}
		ctx, stop := context.WithTimeout(r.t.Context(), 10*time.Second)
		defer stop()
		if owed := r.Drain(ctx); owed != 16 {
			t.Errorf("%d owed, want 16 of 20", owed)
		}
		if d := time.Since(r.started); d != 10*time.Second {
			t.Errorf("drain took %v", d)
		}
	})
}

func TestDrainOfATargetThatIsDown(t *testing.T) {
	bubble(t, Options{}, until(time.Hour, failure(ClassUnreachable)), func(r *rig) {
		r.content("a")
		r.sleep(time.Minute)
		began := time.Now()
		if owed := r.Drain(r.t.Context()); owed != 1 || time.Since(began) != 0 {
			t.Errorf("%d owed after %v", owed, time.Since(began))
		}
	})
}
