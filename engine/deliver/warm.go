package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

const (
	// warmDeletes is the deletion budget that a warm run is started with, before anybody knows what
	// it will have to do.
	warmDeletes = 16
	// warmBytes is the most that a warm run is given to read: longer lists gain nothing by it.
	warmBytes = 16 << 20
	// warmDeaths in a row end warm runs: something between here and there cuts idle connections.
	warmDeaths = 2
)

var errStalled = errors.New("warm run shows no progress")

// warmer keeps at most one warm run. Target.mu guards it.
type warmer struct {
	start    func(context.Context, guard.Budget) (Warm, error) // nil: no warm runs
	idle     *warmRun
	starting bool
	expires  time.Time
	deaths   int
	off      bool
	dropped  uint64 // counts DropWarm, so that a run started before it is not kept after it
}

// warmRun is a warm run with the budget it was started with.
type warmRun struct {
	Warm
	budget guard.Budget
}

// fits says whether the run can do p.
func (w *warmRun) fits(b *Batch, p *task.Plan) bool {
	if p.Kind != task.KindContent || b.Class != task.ClassLive || b.Confirmed ||
		p.MayDeleteBelow || p.MaxSize != 0 || p.Bytes > warmBytes {
		return false
	}
	return p.Deletes == 0 || p.Origin == task.Live && w.budget.Delete && p.Deletes <= w.budget.Max
}

// attemptWarm does r with the warm run, if there is one that fits. It reports whether r is done; if
// not, a cold run does it, at once, and died says what became of the warm one.
func (t *Target) attemptWarm(ctx context.Context, r *run) (done bool, died string) {
	w := t.warmFor(r)
	if w == nil {
		return false, ""
	}
	select {
	case <-w.Dead():
		t.closeWarm(w)
		return false, "ended while it was idle"
	default:
	}
	res, err := t.runWarm(ctx, w, r.plan)
	t.closeWarm(&warmRun{Warm: w.Warm})
	t.guard.Spent(w.budget, res.Deleted, time.Now())
	if ctx.Err() == nil && !classOf(err).answered() {
		// A receiver that was never reached can't finish late; one that was killed can.
		r.doubt = errors.Is(err, errStalled) || finishesLate(err)
		return false, err.Error()
	}
	r.warm, r.budget, r.res, r.err = true, w.budget, res, err
	t.mu.Lock()
	t.warm.deaths = 0
	t.mu.Unlock()
	return true, ""
}

// runWarm gives the warm run its list and ends it if it stalls.
func (t *Target) runWarm(ctx context.Context, w *warmRun, p *task.Plan) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(t.o.WarmStall, func() { cancel(errStalled) })
	defer stall.Stop()
	res, err := w.Run(ctx, p, func() { stall.Reset(t.o.WarmStall) })
	if err != nil && errors.Is(context.Cause(ctx), errStalled) {
		err = errStalled
	}
	return res, err
}

// warmFor takes the warm run if it fits r.
func (t *Target) warmFor(r *run) *warmRun {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.warm.idle
	if w == nil || t.breaker.down() || !w.fits(r.batch, r.plan) {
		return nil
	}
	t.warm.idle = nil
	return w
}

func (t *Target) takeIdleWarm() *warmRun {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.warm.idle
	t.warm.idle = nil
	t.warm.dropped++
	return w
}

// closeWarm ends a warm run and gives its budget back.
func (t *Target) closeWarm(w *warmRun) {
	if err := w.Close(); err != nil {
		t.log.Debug("close warm run", "err", err)
	}
	t.guard.Spent(w.budget, 0, time.Now())
}

// DropWarm ends the warm run that waits. Call it when root, config or connection have changed.
func (t *Target) DropWarm() {
	if w := t.takeIdleWarm(); w != nil {
		t.closeWarm(w)
	}
}

// warmDied counts warm runs that ended by themselves.
func (t *Target) warmDied(why string) {
	t.mu.Lock()
	t.warm.deaths++
	off := t.warm.deaths >= warmDeaths && !t.warm.off
	t.warm.off = t.warm.off || off
	t.mu.Unlock()
	if off {
		t.log.Warn("warm runs are off: they do not live on this connection", "err", why)
	}
}

// rewarm starts the next warm run, after a live batch and if nothing is ready now.
func (t *Target) rewarm(ctx context.Context, b *Batch) {
	now := time.Now()
	t.mu.Lock()
	w := &t.warm
	if b.Class == task.ClassLive {
		w.expires = now.Add(t.o.WarmIdle)
	}
	wanted := w.start != nil && !w.off && w.idle == nil && !w.starting && !t.draining &&
		!t.breaker.down() && now.Before(w.expires) && ctx.Err() == nil && t.ready() == 0
	w.starting = w.starting || wanted
	dropped := w.dropped
	t.mu.Unlock()
	if !wanted {
		return
	}
	budget := t.guard.Budget(guard.Question{Origin: task.Live, Deletes: warmDeletes}, now)
	if budget.Max < 0 || budget.Max > warmDeletes {
		budget.Max = warmDeletes
	}
	started, err := w.start(ctx, budget)
	if err != nil {
		t.guard.Spent(budget, 0, now)
		t.warmDied(err.Error())
	}
	t.mu.Lock()
	w.starting = false
	kept := err == nil && w.dropped == dropped && !t.draining
	if kept {
		w.idle = &warmRun{Warm: started, budget: budget}
	}
	t.mu.Unlock()
	if err == nil && !kept {
		t.closeWarm(&warmRun{Warm: started, budget: budget})
	}
}

// warmExpires returns when the warm run that waits has been idle long enough. Call with mu held.
func (t *Target) warmExpires() time.Time {
	if t.warm.idle == nil {
		return time.Time{}
	}
	return t.warm.expires
}

// expireWarm ends the warm run if nothing has changed for long enough.
func (t *Target) expireWarm(now time.Time) {
	t.mu.Lock()
	expired := t.warm.idle != nil && !now.Before(t.warm.expires)
	t.mu.Unlock()
	if expired {
		t.DropWarm()
	}
}
