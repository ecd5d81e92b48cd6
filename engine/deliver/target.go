package deliver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// Options configure a Target. Resolver, Runner and Guard are required.
type Options struct {
	Name     string
	Resolver Resolver
	Runner   Runner // if it is a Warmer too, warm runs are kept
	Guard    *guard.Guard
	// Observers are told of every run that ended, in this order, one run at a time.
	Observers []task.Observer
	Log       *slog.Logger // default: discard
	// Workers is how many runs go on at once; default 1.
	Workers int
	// Ceiling is how many debts are owed one by one; default DefaultCeiling.
	Ceiling int
	// NoWarm turns warm runs off.
	NoWarm bool
	// WarmIdle is how long after the last change a warm run is kept; default a minute.
	WarmIdle time.Duration
	// WarmStall is after how long without progress a warm run that has its list is killed; default
	// 10 s.
	WarmStall time.Duration
	// ServerTimeout is how long the receiver of a killed run may go on; default a minute.
	ServerTimeout time.Duration
	// DryRun: the Runner changes nothing, so its passes prove nothing about the target.
	DryRun bool
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = o.Log.With("target", o.Name)
	o.Workers = max(o.Workers, 1)
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.WarmIdle, time.Minute},
		{&o.WarmStall, 10 * time.Second},
		{&o.ServerTimeout, time.Minute},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return o
}

// Target pays what is owed to one destination.
type Target struct {
	o     Options
	log   *slog.Logger
	queue *Queue
	guard *guard.Guard
	warm  warmer
	stop  chan struct{} // closed when Drain has nothing more to wait for
	ended chan struct{} // closed when Run has returned

	observing sync.Mutex // held while observers are told; never together with mu

	mu       sync.Mutex // before the queue's
	breaker  breaker
	slots    slots
	last     task.Class // lane of the batch taken last
	bulk     int        // batches of the bulk lane with workers
	busy     int        // batches with workers
	draining bool
	stopped  bool
	stopBulk context.CancelFunc // ends the bulk runs alone; nil before Run
	stats    Stats              // the counters only
	holding  bool               // deletions are held, and that was logged
	full     time.Time          // since when the target has had no room for something, and that was logged
	changed  chan struct{}      // closed at the next change; nil if nobody waits
}

// New returns a target that owes nothing. It starts no goroutine.
func New(o Options) *Target {
	o = o.withDefaults()
	t := &Target{
		o: o, log: o.Log, queue: NewQueue(o.Ceiling), guard: o.Guard,
		slots: slots{all: o.Workers}, stop: make(chan struct{}), ended: make(chan struct{}),
	}
	if w, ok := o.Runner.(Warmer); ok && !o.NoWarm && !o.DryRun {
		t.warm.start = w.Warm
	}
	return t
}

// Queue returns what is owed to the target.
func (t *Target) Queue() *Queue { return t.queue }

// Name returns the name that the target was given.
func (t *Target) Name() string { return t.o.Name }

// Add owes debts to the target. It never blocks.
func (t *Target) Add(debts []task.Debt) {
	before := t.queue.depth().collapsed
	t.queue.Add(time.Now(), debts)
	if n := t.queue.depth().collapsed - before; n > 0 {
		t.log.Warn("too much is owed: single changes became listings and subtrees", "collapsed", n)
	}
	t.notify()
}

// Run pays until ctx ends, which cancels the runs under way, or Drain is done. It returns when all
// that it began has ended.
func (t *Target) Run(ctx context.Context) error {
	defer close(t.ended)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	bulk, stopBulk := context.WithCancel(ctx)
	defer stopBulk()
	t.mu.Lock()
	t.stopBulk = stopBulk
	t.mu.Unlock()
	var workers sync.WaitGroup
	for range t.o.Workers {
		workers.Go(func() { t.work(ctx, bulk) })
	}
	workers.Go(func() {
		select {
		case <-t.stop:
			cancel()
		case <-ctx.Done():
		}
	})
	workers.Wait()
	t.DropWarm()
	t.notify()
	return nil
}

// Drain starts no bulk run any more, and ends those under way once nothing but live debts that wait
// for them is left; it waits until no live debt can be paid or ctx ends, and then cancels what still
// runs: Run returns. It returns how many debts are left. Run MUST have been
// called.
func (t *Target) Drain(ctx context.Context) (owed int) {
	t.mu.Lock()
	t.draining = true
	t.mu.Unlock()
	t.queue.dropNext()
	t.DropWarm()
	_ = t.Wait(ctx, func(Stats) bool { return t.drained() })
	t.mu.Lock()
	if !t.stopped {
		t.stopped = true
		close(t.stop)
	}
	t.mu.Unlock()
	<-t.ended
	return t.queue.Len()
}

// drained reports whether waiting longer pays no live debt.
func (t *Target) drained() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.breaker.down() && t.busy == 0 {
		return true
	}
	if t.queue.depth().ready[task.ClassLive] > 0 || t.busy > t.bulk {
		return false
	}
	if t.bulk == 0 || !t.queue.parksLive() {
		return true
	}
	// A full pass overlaps with everything. What it would still do is owed to the next one anyway.
	if t.stopBulk != nil {
		t.stopBulk()
	}
	return false
}

// Confirm is a person's word that what is held may be deleted. It returns how many debts were held.
func (t *Target) Confirm() int {
	t.guard.Confirm()
	n := t.queue.release(true)
	t.notify()
	return n
}

// SetMode changes the delete mode and limit; what is held is judged anew.
func (t *Target) SetMode(m guard.Mode, l guard.Limit) {
	t.guard.SetMode(m, l)
	t.DropWarm()
	t.queue.release(false)
	t.notify()
}

// Resume tries at once what is paused, and a target that is down: a root or mount, or the network,
// is back.
func (t *Target) Resume() {
	t.mu.Lock()
	t.breaker.next = time.Time{}
	t.mu.Unlock()
	t.queue.resume()
	t.notify()
}

// Stats returns the state of the target.
func (t *Target) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.statsLocked()
}

func (t *Target) statsLocked() Stats {
	s, d := t.stats, t.queue.depth()
	s.Owed = d.ready[0] + d.ready[1] + d.parked + d.taken
	for _, n := range d.waiting {
		s.Owed += n
	}
	s.Ready, s.Parked, s.Taken, s.Waiting = d.ready, d.parked, d.taken, d.waiting
	s.Running, s.Bulk = t.busy, t.bulk
	s.Down, s.DownErr, s.DownSince = t.breaker.class, t.breaker.err, t.breaker.since
	s.Contact = t.guard.Contact()
	s.WarmOff = t.warm.off
	s.Collapsed, s.Absorbed, s.Refused = d.collapsed, d.absorbed, d.refused
	return s
}

// WaitIdle waits until Stats.Idle.
func (t *Target) WaitIdle(ctx context.Context) error { return t.Wait(ctx, Stats.Idle) }

// Wait waits until until is true of the target's state, or ctx ends, whose error it returns then.
func (t *Target) Wait(ctx context.Context, until func(Stats) bool) error {
	for {
		t.mu.Lock()
		if t.changed == nil {
			t.changed = make(chan struct{})
		}
		changed, s := t.changed, t.statsLocked()
		t.mu.Unlock()
		if until(s) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// notify wakes those who wait for a change of state.
func (t *Target) notify() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}
