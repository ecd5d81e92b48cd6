package deliver

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

func until(d time.Duration, fault error) answer {
	var mu sync.Mutex
	started := time.Time{}
	return func(context.Context, int, *task.Plan, guard.Budget) (Result, error) {
		mu.Lock()
		defer mu.Unlock()
		if started.IsZero() {
			started = time.Now()
		}
		if time.Since(started) < d {
			return Result{Code: 10}, fault
		}
		return Result{}, nil
	}
}

func TestTargetThatIsDown(t *testing.T) {
	tests := []struct {
		class    Class
		longest  time.Duration
		down, up string // what the log says
	}{
		{ClassUnreachable, 5 * time.Second, "target is down", "target is up again"},
		{ClassAuth, time.Minute, "target is down", "target is up again"},
		{ClassConfig, time.Minute, "target is down", "target is up again"},
		{ClassDiskFull, 5 * time.Second, "target is full", "target has room again"},
		{ClassUnknown, 5 * time.Second, "target is down", "target is up again"},
	}
	for _, tt := range tests {
		t.Run(tt.class.String(), func(t *testing.T) {
			bubble(t, Options{Workers: 4}, until(10*time.Minute, failure(tt.class)), func(r *rig) {
				for i := range 1000 {
					r.content(fmt.Sprint("f", i))
				}
				r.sleep(9 * time.Minute)
				runs := r.seen()
				late := runs[len(runs)-1].at
				for i := 6; i < len(runs); i++ {
					if n := len(runs[i].plan.Items); n > probeSize {
						t.Errorf("probe with %d paths", n)
					}
					if gap := runs[i].at - runs[i-1].at; gap > tt.longest {
						t.Errorf("probes %v apart", gap)
					}
				}
				if least := 9 * time.Minute * 5 / 6 / tt.longest; 540*time.Second-late > tt.longest || len(runs) > 4*int(least)+20 {
					t.Errorf("%d runs, the last after %v", len(runs), late)
				}
				if s := r.Stats(); s.Down != tt.class || s.Owed != 1000 || s.Running != 0 {
					t.Errorf("stats %+v", s)
				}
				if n := r.log.count(tt.down); n != 1 || r.log.count("target is") != 1 {
					t.Errorf("%d lines say that it is down", n)
				}
				r.paid()
				if s := r.Stats(); s.Down != ClassNone || r.log.count(tt.up) != 1 {
					t.Errorf("not up: %+v", s)
				}
				r.quiet()
			})
		})
	}
}

// A change reaches a target that has come back within the time between two probes.
func TestFirstProbeAfterComingBack(t *testing.T) {
	bubble(t, Options{Workers: 2}, until(time.Hour, failure(ClassUnreachable)), func(r *rig) {
		r.content("a", "b")
		r.sleep(time.Hour)
		r.sleep(5 * time.Second)
		if s := r.Stats(); s.Owed != 0 {
			t.Errorf("still owed 5 s after the target is back: %+v", s)
		}
	})
}

func TestMaxConnectionsLowersTheRuns(t *testing.T) {
	under, most := 0, 0
	var r *rig
	a := func(ctx context.Context, _ int, _ *task.Plan, _ guard.Budget) (Result, error) {
		r.mu.Lock()
		under++
		most = max(most, under)
		refused := under > 2
		r.mu.Unlock()
		defer func() { r.mu.Lock(); under--; r.mu.Unlock() }()
		if refused {
			return Result{Code: 5}, failure(ClassMaxConnections)
		}
		pause(ctx, time.Second)
		return Result{}, nil
	}
	bubble(t, Options{Workers: 6}, a, func(rr *rig) {
		r = rr
		for i := range 6000 {
			r.content(fmt.Sprint("f", i))
		}
		r.sleep(10 * time.Millisecond)
		r.mu.Lock()
		most = 0
		r.mu.Unlock()
		r.paid()
		if most > 3 { // one more is tried every half minute
			t.Errorf("up to %d runs at once, the daemon serves 2", most)
		}
		if s := r.Stats(); s.Down != ClassNone || r.log.count("down") != 0 {
			t.Errorf("down: %+v", s)
		}
	})
}

// One path fails; the runs can say which, or it has to be found.
func TestOnePathFails(t *testing.T) {
	for _, known := range []bool{true, false} {
		t.Run(fmt.Sprintf("known %v", known), func(t *testing.T) {
			broken := true
			a := func(_ context.Context, _ int, p *task.Plan, _ guard.Budget) (Result, error) {
				for _, item := range p.Items {
					if item.Path == "f77" && broken {
						res := Result{Code: 23, FailedKnown: known}
						if known {
							res.Failed = []PathFailure{{Path: "f77", Why: "permission denied"}}
						}
						return res, failure(ClassPartial)
					}
				}
				return Result{}, nil
			}
			bubble(t, Options{Workers: 1}, a, func(r *rig) {
				var paths []string
				for i := range 200 {
					paths = append(paths, fmt.Sprint("f", i))
				}
				r.content(paths...)
				synctest.Wait()
				s := r.Stats()
				if s.Owed != 1 || s.Waiting[task.Failed] != 1 || !s.Idle() || s.Down != ClassNone {
					t.Fatalf("stats %+v, want one stuck path", s)
				}
				if w := r.Queue().Waiting(9); w[0].Path != "f77" || w[0].Why == "" {
					t.Errorf("stuck: %+v", w)
				}
				if n := len(r.seen()); known && n != 1 || n > 20 {
					t.Errorf("%d runs", n)
				}
				r.sleep(time.Hour)
				if n := len(r.seen()); n > 40 {
					t.Errorf("%d runs in an hour for one stuck path", n)
				}
				if n := r.log.count("paths failed"); n != 1 {
					t.Errorf("%d lines about it", n)
				}
				broken = false
				r.content("f77") // it has changed: that is worth a try
				r.sleep(time.Second)
				if s := r.Stats(); s.Owed != 0 {
					t.Errorf("not tried soon after it changed: %+v", s)
				}
			})
		})
	}
}

// A path below a Subtree that fails is owed by itself, the Subtree is paid.
func TestPathBelowASubtreeFails(t *testing.T) {
	a := func(_ context.Context, n int, _ *task.Plan, _ guard.Budget) (Result, error) {
		if n > 1 {
			return Result{}, nil
		}
		return Result{Code: 23, FailedKnown: true, Failed: []PathFailure{
			{Path: "d/x", Why: "permission denied"},
			{Path: "d/locked", Dir: true, Why: "opendir"},
			{Path: "d/gone", Delete: true, Why: "unlink"},
		}}, failure(ClassPartial)
	}
	bubble(t, Options{}, a, func(r *rig) {
		r.owe(task.Attr, task.Subtree, task.ClassBulk, "d", "e")
		synctest.Wait()
		got := map[string]task.Scope{}
		for _, w := range r.Queue().Waiting(9) {
			if w.Reason != task.Failed || w.Origin != task.Recovery {
				t.Errorf("%+v", w)
			}
			got[w.Path] = w.Scope
		}
		if fmt.Sprint(got) != "map[d/gone:entry d/locked:subtree d/x:entry]" {
			t.Errorf("owed: %v", got)
		}
		r.paid()
	})
}

func TestVanishedIsLookedAtAgainAtOnce(t *testing.T) {
	a := func(_ context.Context, n int, _ *task.Plan, _ guard.Budget) (Result, error) {
		if n <= 2 {
			return Result{Code: 24}, failure(ClassVanished)
		}
		return Result{}, nil
	}
	bubble(t, Options{}, a, func(r *rig) {
		r.content("a", "b")
		synctest.Wait()
		if s := r.Stats(); s.Owed != 0 || len(r.seen()) != 3 {
			t.Errorf("%d runs, %+v", len(r.seen()), s)
		}
	})
	always := func(context.Context, int, *task.Plan, guard.Budget) (Result, error) {
		return Result{Code: 24}, failure(ClassVanished)
	}
	bubble(t, Options{}, always, func(r *rig) {
		r.content("a", "b")
		synctest.Wait()
		if s := r.Stats(); s.Waiting[task.Failed] != 2 || len(r.seen()) > 12 {
			t.Errorf("%d runs at once, %+v", len(r.seen()), s)
		}
	})
}

// After a killed run, what is paid is looked at once more when its receiver is surely gone.
func TestKilledRunIsDoubtful(t *testing.T) {
	a := func(_ context.Context, n int, _ *task.Plan, _ guard.Budget) (Result, error) {
		if n == 1 {
			return Result{Code: 30}, failure(ClassTimeout)
		}
		return Result{}, nil
	}
	bubble(t, Options{ServerTimeout: time.Minute}, a, func(r *rig) {
		r.content("a", "b")
		r.sleep(time.Second)
		if s := r.Stats(); s.Waiting[task.Doubtful] != 2 || len(r.seen()) != 2 {
			t.Fatalf("%d runs, %+v", len(r.seen()), s)
		}
		r.content("a") // does not wait for the doubt to pass
		synctest.Wait()
		if runs := r.seen(); len(runs) != 3 || runs[2].paths != "a" {
			t.Errorf("runs %+v", runs)
		}
		r.paid()
		runs := r.seen()
		if last := runs[len(runs)-1]; last.at < time.Minute || last.paths != "a b" || last.plan.Kind != task.KindContent {
			t.Errorf("last run %+v", last)
		}
		r.quiet()
	})
}

func TestPausedRoot(t *testing.T) {
	look := &looker{w: newWorld(1)}
	look.gone.Store(true)
	bubble(t, Options{Resolver: look}, nil, func(r *rig) {
		r.content("a", "b")
		r.sleep(time.Hour)
		if s := r.Stats(); len(r.seen()) != 0 || s.Down != ClassPaused || s.Owed != 2 {
			t.Errorf("%d runs, %+v", len(r.seen()), s)
		}
		if n := r.log.count("level=WARN"); n != 1 {
			t.Errorf("%d warnings", n)
		}
		look.gone.Store(false)
		r.Resume()
		synctest.Wait()
		if s := r.Stats(); s.Owed != 0 || s.Down != ClassNone {
			t.Errorf("after Resume: %+v", s)
		}
	})
}

// A target that hangs, and one that is down, delay no other.
func TestTargetsAreIsolated(t *testing.T) {
	hang := func(ctx context.Context, _ int, _ *task.Plan, _ guard.Budget) (Result, error) {
		<-ctx.Done()
		return Result{Code: 20}, failure(ClassKilled)
	}
	bubble(t, Options{Name: "hung", Workers: 1}, hang, func(hung *rig) {
		well := New(Options{
			Name: "well", Resolver: echo{}, Guard: guard.New(guard.Options{}),
			Runner: coldFunc(func(ctx context.Context, _ *task.Plan, _ guard.Budget) (Result, error) {
				pause(ctx, 10*time.Millisecond)
				return Result{}, nil
			}),
		})
		ctx, cancel := context.WithCancel(hung.t.Context())
		ended := make(chan error)
		go func() { ended <- well.Run(ctx) }()
		for i := range 100 {
			debts := []task.Debt{{Path: fmt.Sprint(i), What: task.Content, Since: time.Now().UnixNano(), Seq: uint64(i)}}
			began := time.Now()
			hung.Add(debts)
			well.Add(debts)
			if err := well.WaitIdle(ctx); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(began); d > 10*time.Millisecond {
				t.Errorf("change %d took %v beside a hung target", i, d)
			}
		}
		if n := hung.Queue().Len(); n != 100 {
			t.Errorf("hung target owes %d", n)
		}
		cancel()
		<-ended
	})
}
