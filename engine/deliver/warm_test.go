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

// warmth is a Runner with warm runs. The test says what becomes of them.
type warmth struct {
	coldFunc
	r *rig
	// answer is what a warm run does with its list; nil: it succeeds.
	answer func(ctx context.Context, p *task.Plan, progress func()) (Result, error)
	// dies is after what idle time one ends by itself; 0: never.
	dies time.Duration

	mu                    sync.Mutex
	begun, closed, served int
	budgets               []int
}

type warmFake struct {
	h     *warmth
	dead  chan struct{}
	death *time.Timer
	once  sync.Once
}

func (h *warmth) Warm(_ context.Context, b guard.Budget) (Warm, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun++
	h.budgets = append(h.budgets, b.Max)
	w := &warmFake{h: h, dead: make(chan struct{})}
	if h.dies > 0 {
		w.death = time.AfterFunc(h.dies, func() { close(w.dead) })
	}
	return w, nil
}

func (w *warmFake) Dead() <-chan struct{} { return w.dead }

func (w *warmFake) Close() error {
	w.once.Do(func() {
		w.h.mu.Lock()
		defer w.h.mu.Unlock()
		w.h.closed++
		if w.death != nil {
			w.death.Stop()
		}
	})
	return nil
}

func (w *warmFake) Run(ctx context.Context, p *task.Plan, progress func()) (Result, error) {
	if w.death != nil {
		w.death.Stop()
	}
	w.h.mu.Lock()
	w.h.served++
	w.h.mu.Unlock()
	if w.h.answer != nil {
		return w.h.answer(ctx, p, progress)
	}
	return Result{}, nil
}

func (h *warmth) counts() (begun, served, closed int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.begun, h.served, h.closed
}

func TestWarmRunIsKeptForAMinute(t *testing.T) {
	h := &warmth{}
	bubble(t, Options{Runner: h}, nil, func(r *rig) {
		r.content("first") // cold, and the next one is begun
		r.paid()
		for range 5 {
			r.sleep(50 * time.Second)
			r.content("a")
			r.paid()
		}
		if begun, served, closed := h.counts(); begun != 6 || served != 5 || closed != 5 {
			t.Errorf("begun %d, served %d, closed %d", begun, served, closed)
		}
		if s := r.Stats(); s.WarmRuns != 5 || s.Runs != 6 {
			t.Errorf("%+v", s)
		}
		r.sleep(59 * time.Second)
		if _, _, closed := h.counts(); closed != 5 {
			t.Error("closed before its minute was over")
		}
		r.sleep(time.Second)
		if begun, _, closed := h.counts(); begun != closed {
			t.Errorf("begun %d, closed %d after a minute of idleness", begun, closed)
		}
		r.quiet()
		if g := h.budgets[0]; g != warmDeletes {
			t.Errorf("begun with a budget of %d deletions", g)
		}
	})
}

func TestWhatGoesCold(t *testing.T) {
	many := make([]string, warmDeletes+1)
	for i := range many {
		many[i] = fmt.Sprint("gone", i)
	}
	tests := []struct {
		name string
		owe  func(*rig)
		warm bool
	}{
		{"content", func(r *rig) { r.content("a", "b") }, true},
		{"content and a few deletions", func(r *rig) { r.owe(task.Content|task.Left, task.Entry, task.ClassLive, "x") }, true},
		{"too many deletions", func(r *rig) { r.owe(task.Content|task.Left, task.Entry, task.ClassLive, many...) }, false},
		{"a directory may be gone", func(r *rig) {
			r.owe(task.Content|task.Left|task.WasDir, task.Entry, task.ClassLive, "d")
		}, false},
		{"attributes", func(r *rig) { r.owe(task.Attr, task.Entry, task.ClassLive, "a") }, false},
		{"a subtree", func(r *rig) { r.owe(task.Attr, task.Subtree, task.ClassLive, "d") }, false},
		{"bulk", func(r *rig) { r.owe(task.Content, task.Entry, task.ClassBulk, "a") }, false},
		{"a deletion nobody saw", func(r *rig) {
			r.Add([]task.Debt{{Path: "x", What: task.Content | task.Left, Origin: task.Recovery, Since: 1, Seq: 9}})
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &warmth{}
			bubble(t, Options{Runner: h}, nil, func(r *rig) {
				r.content("first")
				r.paid()
				tt.owe(r)
				r.paid()
				if _, served, _ := h.counts(); (served == 1) != tt.warm {
					t.Errorf("%d warm runs", served)
				}
			})
		})
	}
}

// One that died while it was idle costs nothing but a cold run; the second in a row ends them.
func TestWarmRunThatDiesIdle(t *testing.T) {
	h := &warmth{dies: 4 * time.Second}
	bubble(t, Options{Runner: h}, nil, func(r *rig) {
		for i := range 5 {
			began := time.Now()
			r.content(fmt.Sprint("f", i))
			r.paid()
			if d := time.Since(began); d != 0 {
				t.Errorf("change %d waited %v", i, d)
			}
			r.sleep(5 * time.Second)
		}
		if begun, served, closed := h.counts(); begun != 2 || served != 0 || closed != 2 {
			t.Errorf("begun %d, served %d, closed %d", begun, served, closed)
		}
		if s := r.Stats(); !s.WarmOff || r.log.count("warm runs are off") != 1 {
			t.Errorf("not off: %+v", s)
		}
		r.quiet()
	})
}

// If the target is down that is no fault of warm runs.
func TestWarmRunsSurviveAnOutage(t *testing.T) {
	down := false
	h := &warmth{answer: func(context.Context, *task.Plan, func()) (Result, error) {
		if down {
			return Result{Code: 12}, failure(ClassUnreachable)
		}
		return Result{}, nil
	}}
	a := func(context.Context, int, *task.Plan, guard.Budget) (Result, error) {
		if down {
			return Result{Code: 10}, failure(ClassUnreachable)
		}
		return Result{}, nil
	}
	bubble(t, Options{Runner: h}, a, func(r *rig) {
		for range 4 {
			down = false
			r.content("a")
			r.paid()
			down = true
			r.content("a")
			r.sleep(20 * time.Second)
			down = false
			r.paid()
		}
		if s := r.Stats(); s.WarmOff {
			t.Error("an outage has ended warm runs")
		}
	})
}

// A warm run that does not go on is killed and its list is run cold, and once more when its
// receiver is surely gone.
func TestWarmRunThatStalls(t *testing.T) {
	h := &warmth{answer: func(ctx context.Context, _ *task.Plan, progress func()) (Result, error) {
		for range 5 { // slow, but it goes on
			pause(ctx, 8*time.Second)
			progress()
		}
		<-ctx.Done()
		return Result{Code: -1}, failure(ClassKilled)
	}}
	bubble(t, Options{Runner: h}, nil, func(r *rig) {
		r.content("first")
		r.paid()
		r.content("a")
		r.sleep(45 * time.Second)
		if n := len(r.seen()); n != 1 {
			t.Errorf("killed while it went on: %d cold runs", n)
		}
		r.sleep(5 * time.Second)
		runs := r.seen()
		if len(runs) != 2 || runs[1].paths != "a" {
			t.Fatalf("cold runs %+v", runs)
		}
		if s := r.Stats(); s.Waiting[task.Doubtful] != 1 {
			t.Errorf("%+v", s)
		}
		r.paid()
	})
}

// What one path of a warm run did wrong is no reason to run it cold.
func TestPathFailsInAWarmRun(t *testing.T) {
	h := &warmth{answer: func(context.Context, *task.Plan, func()) (Result, error) {
		return Result{Code: 23, FailedKnown: true, Failed: []PathFailure{{Path: "a", Why: "no"}}}, failure(ClassPartial)
	}}
	bubble(t, Options{Runner: h}, nil, func(r *rig) {
		r.content("first")
		r.paid()
		r.content("a", "b")
		synctest.Wait()
		if s := r.Stats(); len(r.seen()) != 1 || s.Waiting[task.Failed] != 1 || s.Owed != 1 {
			t.Errorf("%d cold runs, %+v", len(r.seen()), s)
		}
	})
}

func TestWarmRunIsDropped(t *testing.T) {
	tests := []struct {
		name string
		why  func(*rig)
	}{
		{"by DropWarm", func(r *rig) { r.DropWarm() }},
		{"by another mode", func(r *rig) { r.SetMode(guard.Never, guard.Limit{}) }},
		{"at the end", func(r *rig) { r.Drain(r.t.Context()) }},
		{"at a hard end", func(r *rig) { r.cancel(); <-r.ended }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &warmth{}
			bubble(t, Options{Runner: h}, nil, func(r *rig) {
				r.content("first")
				r.paid()
				tt.why(r)
				if begun, _, closed := h.counts(); begun != 1 || closed != 1 {
					t.Errorf("begun %d, closed %d", begun, closed)
				}
			})
		})
	}
}

// The warm run holds one of the daemon's connections, and gives it up when a cold one needs it.
func TestWarmRunGivesItsConnectionUp(t *testing.T) {
	h := &warmth{}
	a := func(_ context.Context, _ int, _ *task.Plan, _ guard.Budget) (Result, error) {
		if begun, _, closed := h.counts(); begun != closed {
			return Result{Code: 5}, failure(ClassMaxConnections)
		}
		return Result{}, nil
	}
	bubble(t, Options{Runner: h}, a, func(r *rig) {
		r.content("first")
		r.paid()
		r.owe(task.Attr, task.Entry, task.ClassLive, "a")
		synctest.Wait()
		if s := r.Stats(); s.Owed != 0 || s.Down != ClassNone {
			t.Errorf("%+v", s)
		}
	})
}
