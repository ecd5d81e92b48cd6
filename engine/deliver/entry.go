package deliver

import (
	"time"

	"github.com/sersync/sersync/engine/task"
)

// mark is what a plan says of a debt that was taken for it.
type mark uint8

const (
	unmarked mark = iota
	markPaid
	markCarried
	markBack
)

// entry is one debt in a queue, or in a batch that was taken from it.
type entry struct {
	task.Debt
	// gen is when the newest part of it came, on the queue's own count of batches and additions.
	gen uint64
	// on is where it stands, nil in a batch, and pos its place there.
	on  shelf
	pos int32

	lane   lane
	reason task.Reason
	mark   mark
	fails  uint8 // runs that failed on it
	again  uint8 // times it was back at once in a row
	parked uint8 // times it had to wait for another run's end
	// split bounds the size of the batch that it goes in; 0: no bound. Bisection.
	split int32
	// confirmed: a person let its deletions go. pass: it is part of a full pass.
	confirmed, pass bool
	// full: a run failed on it because the target had no room. costly: the last one took long.
	full, costly bool
	// notBefore and doubt are UnixNano; 0: none. Doubt is until when a killed run's receiver may
	// write over what was paid since.
	notBefore, doubt int64
	why              string
}

func (e *entry) key() key { return key{e.Path, e.Scope} }

// isReady says that e waits for nothing but a worker, or the end of another run.
func (e *entry) isReady() bool { return e.reason == task.Ready && e.notBefore == 0 }

type key struct {
	path  string
	scope task.Scope
}

// mergeDebt adds to d what came later (or earlier, by its sequence) about the same path and scope.
func mergeDebt(d, other *task.Debt) {
	if other.Seq >= d.Seq {
		d.What = d.What.Then(other.What)
	} else {
		d.What = other.What.Then(d.What)
	}
	d.Since = min(d.Since, other.Since)
	d.Seq = max(d.Seq, other.Seq)
	d.Origin = min(d.Origin, other.Origin)
	d.Class = min(d.Class, other.Class)
}

// inherit takes over what the queue knows of an entry that is merged into this one.
func (e *entry) inherit(from *entry) {
	e.fails = max(e.fails, from.fails)
	e.again = max(e.again, from.again)
	e.parked = max(e.parked, from.parked)
	e.doubt = max(e.doubt, from.doubt)
	e.confirmed = e.confirmed || from.confirmed
	e.costly = e.costly || from.costly
	if from.split != 0 && (e.split == 0 || from.split < e.split) {
		e.split = from.split
	}
}

// stuck makes e wait because no run could do it, each time longer, up to longest.
func (e *entry) stuck(now time.Time, why string, longest time.Duration) {
	e.reason, e.why, e.Class = task.Failed, why, task.ClassBulk
	e.notBefore = now.Add(backoff(e.fails, pathFirst, longest)).UnixNano()
	e.fails = min(e.fails, 100) + 1
	e.again, e.split = 0, 0
}

func (e *entry) waiting() task.Waiting {
	w := task.Waiting{Debt: e.Debt, Reason: e.reason, Why: e.why}
	if e.notBefore != 0 {
		w.NotBefore = time.Unix(0, e.notBefore)
	}
	return w
}
