package deliver

import (
	"context"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// note keeps count of a run that ended, and of what it says about the target. What happens to the
// target is logged when it changes, not at every attempt.
func (t *Target) note(ctx context.Context, r *run, v *verdict) {
	t.mu.Lock()
	s := &t.stats
	s.Runs++
	if r.warm {
		s.WarmRuns++
	}
	s.Sent += uint64(r.res.Sent)
	s.Deleted += uint64(r.res.Deleted)
	s.Left += uint64(r.res.Left)
	if r.err != nil {
		s.FailedRuns++
	} else {
		s.LastSuccess = r.ended
	}
	was := t.breaker
	up := false
	switch v.class {
	case ClassNone:
		up = t.breaker.succeed(r.started, t.ready() == 0) && was.class != ClassDiskFull
	case ClassDiskFull: // it answers
		if up = was.down() && was.class != ClassDiskFull; up {
			t.breaker = breaker{}
		}
	}
	t.mu.Unlock()
	if up {
		t.log.Info("target is up again", "after", r.ended.Sub(was.since).Round(time.Second))
	}
	switch {
	case ctx.Err() != nil:
	case v.class == ClassDiskFull:
		t.fullNow(r)
	case v.class != ClassNone:
		t.fail(v.class, r.err, r.ended)
	}
}

// logWaiting says what has begun to wait for a reason that a person should know.
func (t *Target) logWaiting(r *run, v *verdict) {
	if v.stuck > 0 {
		t.log.Warn("paths failed and are tried again later", "paths", v.stuck, "first", v.failed[0].Path,
			"err", v.failed[0].Why)
	}
	held := t.queue.depth().waiting[task.Held]
	t.mu.Lock()
	news := held > 0 && !t.holding
	t.holding = held > 0
	t.mu.Unlock()
	if news {
		t.log.Warn("deletions are held until they are confirmed", "left", r.res.Left,
			"origin", r.plan.Origin.String(), "mode", t.guard.Mode().String(),
			"contact", t.guard.Contact().String(),
			"remedy", "sersync sync --delete lets them go, or a restart with --delete; "+
				"in the modes live and never only another delete mode does")
	}
}

// fail notes that a run failed as a whole.
func (t *Target) fail(class Class, err error, now time.Time) {
	warm := t.takeIdleWarm()
	if warm != nil {
		t.closeWarm(warm)
	}
	t.mu.Lock()
	if class == ClassMaxConnections && (warm != nil || t.slots.lower(t.busy-1, now)) {
		// The warm run held one of the connections, or the other runs do.
		t.mu.Unlock()
		return
	}
	news := t.breaker.fail(class, err, now)
	t.mu.Unlock()
	switch {
	case !news || class == ClassDiskFull: // full is said elsewhere
	case class == ClassMissing:
		t.log.Warn("target is down, its changes wait; all of it is compared when its directory is back",
			"class", class.String(), "err", err)
		t.oweAll(now)
	default:
		t.log.Warn("target is down, its changes wait", "class", class.String(), "err", err)
	}
}
