package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// run is one run from its plan to its end.
type run struct {
	batch   *Batch
	plan    *task.Plan
	ask     guard.Question
	budget  guard.Budget
	started time.Time
	ended   time.Time
	warm    bool
	// doubt: a warm run was killed with its list before the cold one.
	doubt bool
	res   Result
	err   error
}

// serve does a batch: look, admit, ask the guard, run, settle.
func (t *Target) serve(ctx context.Context, b *Batch) {
	p, err := t.o.Resolver.Resolve(ctx, b.Kind, b.Debts)
	now := time.Now()
	if err != nil {
		t.unresolved(ctx, b, err, now)
		return
	}
	if !t.queue.Admit(now, b, p) {
		return
	}
	if len(p.Items) == 0 {
		t.settle(now, b, settlement{})
		return
	}
	p.Whole = p.Kind == task.KindLarge && b.full()
	r := &run{batch: b, plan: p, ask: questionOf(b, p), started: now}
	t.attempt(ctx, r)
	r.ended = time.Now()
	v := t.verdict(ctx, r)
	t.note(ctx, r, v) // before the debts are ready again: a target that is down is not tried at once
	t.drift(r, v)
	t.settle(r.ended, b, v.settlement)
	t.logWaiting(r, v)
	t.observe(r, v)
}

func (t *Target) settle(now time.Time, b *Batch, s settlement) {
	t.queue.settle(now, b, s)
	t.passEnd()
	t.roomAgain(now)
}

// attempt does the run: warm if it can, else, or if that fails as a whole, cold.
func (t *Target) attempt(ctx context.Context, r *run) {
	done, died := t.attemptWarm(ctx, r)
	if done {
		return
	}
	r.budget = t.guard.Budget(r.ask, time.Now())
	r.res, r.err = t.o.Runner.Run(ctx, r.plan, r.budget)
	t.guard.Spent(r.budget, r.res.Deleted, time.Now())
	if died != "" && classOf(r.err).answered() {
		t.warmDied(died) // if the target is down, that is no fault of warm runs
	}
}

func questionOf(b *Batch, p *task.Plan) guard.Question {
	ask := guard.Question{
		Origin: p.Origin, Pass: p.Kind == task.KindTree, Seen: true,
		Deletes: p.Deletes, Below: p.MayDeleteBelow, Confirmed: b.Confirmed,
	}
	for i := range p.Items {
		ask.Pass = ask.Pass || p.Items[i].Level
	}
	for _, e := range b.taken {
		ask.Origin = max(ask.Origin, e.Origin)
		if e.Scope != task.Entry && e.What&task.Left == 0 {
			ask.Seen = false
		}
	}
	return ask
}

// unresolved gives everything back: the source could not be looked at.
func (t *Target) unresolved(ctx context.Context, b *Batch, err error, now time.Time) {
	class := ClassSource
	if errors.Is(err, ErrPaused) {
		class = ClassPaused
	}
	if ctx.Err() == nil {
		t.fail(class, err, now)
	}
	t.queue.settle(now, b, settlement{judge: wholeFailed(len(b.taken), class, err, now)})
}

// passEnd tells the guard when a full pass has ended.
func (t *Target) passEnd() {
	ended, clean := t.queue.passEnd()
	if !ended || t.o.DryRun {
		return
	}
	before := t.guard.Contact()
	t.guard.PassEnded(clean)
	if after := t.guard.Contact(); after != before {
		t.log.Info("full pass ended", "contact", after.String(), "before", before.String())
	}
}

// observe tells the observers how the run ended.
func (t *Target) observe(r *run, v *verdict) {
	o := &task.Outcome{
		Target: t.o.Name, Plan: r.plan, Started: r.started, Duration: r.ended.Sub(r.started),
		Warm: r.warm, ExitCode: r.res.Code, Err: r.err, Sent: r.res.Sent, Deleted: r.res.Deleted,
		Left: r.res.Left, Failed: v.failed, DryRun: t.o.DryRun,
	}
	t.observing.Lock()
	defer t.observing.Unlock()
	for _, observer := range t.o.Observers {
		observer.Observe(o)
	}
}
