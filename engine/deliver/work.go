package deliver

import (
	"context"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// work takes and serves batches until ctx ends; those of the bulk lane end with bulk, too.
func (t *Target) work(ctx, bulk context.Context) {
	for ctx.Err() == nil {
		b, again := t.take(time.Now())
		if b != nil {
			if b.Class == task.ClassBulk {
				t.serve(bulk, b)
			} else {
				t.serve(ctx, b)
			}
			t.release(b)
			t.rewarm(ctx, b)
			continue
		}
		t.expireWarm(time.Now())
		t.sleep(ctx, again)
	}
}

// sleep waits until something may be ready. If again is the zero time nothing but a change can make
// it so, and no timer runs.
func (t *Target) sleep(ctx context.Context, again time.Time) {
	var timer <-chan time.Time
	if !again.IsZero() {
		timer = time.After(time.Until(again))
	}
	select {
	case <-t.queue.wake:
	case <-timer:
	case <-ctx.Done():
	}
}

// take returns a batch, or when to ask again.
func (t *Target) take(now time.Time) (b *Batch, again time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	free := t.slots.now(now) - t.busy
	switch {
	case free <= 0 && t.busy < t.o.Workers && t.ready() > 0:
		return nil, t.slots.back
	case free <= 0 || t.breaker.probing:
		return nil, time.Time{} // the end of a run is a reason to ask again
	case t.breaker.down() && now.Before(t.breaker.next):
		again = t.breaker.next
		if t.ready() == 0 {
			again = later(again, t.queue.NextDue())
		}
		return nil, earlier(again, t.warmExpires())
	}
	w := Want{
		Idle:      free,
		All:       t.slots.now(now),
		Bulk:      !t.draining && t.bulk < max(1, t.slots.now(now)/2),
		BulkFirst: t.bulk == 0 && t.last == task.ClassLive,
	}
	if t.breaker.down() {
		w.Max = t.breaker.limit
	}
	if b = t.queue.Take(now, w); b == nil {
		return nil, earlier(t.queue.NextDue(), t.warmExpires())
	}
	t.busy++
	t.last = b.Class
	if b.Class == task.ClassBulk {
		t.bulk++
	}
	if t.breaker.down() {
		t.breaker.probing = true
		t.stats.Probes++
	} else if free > 1 {
		t.queue.poke() // there may be more for another worker
	}
	return b, time.Time{}
}

func (t *Target) ready() int {
	r := t.queue.depth().ready
	return r[0] + r[1]
}

// release ends what take began.
func (t *Target) release(b *Batch) {
	t.mu.Lock()
	t.busy--
	if b.Class == task.ClassBulk {
		t.bulk--
	}
	t.breaker.probing = false
	t.mu.Unlock()
	t.queue.poke()
	t.notify()
}

// earlier returns the earlier of two times, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// later returns b, but not before a; none if there is no b.
func later(a, b time.Time) time.Time {
	if b.IsZero() || b.After(a) {
		return b
	}
	return a
}
