package deliver

import (
	"math"
	"slices"

	"github.com/sersync/sersync/engine/task"
)

// Len returns how many debts are owed, those that runs are paying now included.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lenLocked() + q.count.taken
}

// Unpaid returns a copy of all debts with an event before since, those that runs are paying now
// included.
func (q *Queue) Unpaid(since int64) []task.Debt {
	q.mu.Lock()
	defer q.mu.Unlock()
	var unpaid []task.Debt
	q.each(func(e *entry) {
		if e.Since < since {
			unpaid = append(unpaid, e.Debt)
		}
	})
	return unpaid
}

// Low returns the oldest Since of all that is owed; ok is false if nothing is.
func (q *Queue) Low() (since int64, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	low := int64(math.MaxInt64)
	// Lanes are ordered by Since, so their first entry speaks for all of them.
	for i := range q.lanes {
		if e := q.lanes[i].first(); e != nil {
			low = min(low, e.Since)
		}
	}
	q.eachUnordered(func(e *entry) { low = min(low, e.Since) })
	return low, low != math.MaxInt64
}

func (q *Queue) each(yield func(*entry)) {
	for i := range q.lanes {
		for _, e := range q.lanes[i].list {
			yield(e)
		}
	}
	q.eachUnordered(yield)
}

// eachUnordered yields all entries but those in lanes.
func (q *Queue) eachUnordered(yield func(*entry)) {
	shelves := [][]*entry{q.waits.list, q.held.list, q.behind.list}
	for _, b := range q.running {
		shelves = append(shelves, b.taken, b.parked.list)
	}
	for _, list := range shelves {
		for _, e := range list {
			yield(e)
		}
	}
}

// Waiting returns a copy of all debts that wait, with their reasons, at most limit of them.
func (q *Queue) Waiting(limit int) []task.Waiting {
	q.mu.Lock()
	defer q.mu.Unlock()
	var list []task.Waiting
	for _, shelf := range [][]*entry{q.held.list, q.waits.list} {
		for _, e := range shelf {
			if len(list) == limit {
				return list
			}
			list = append(list, e.waiting())
		}
	}
	return list
}

// depth is how much is owed, by where it stands.
type depth struct {
	ready   [2]int // by class
	parked  int    // or, for a moment, put off
	taken   int
	running int
	waiting [task.Doubtful + 1]int

	collapsed, absorbed, refused uint64
}

func (q *Queue) depth() depth {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := depth{
		taken: q.count.taken, running: len(q.running), waiting: q.count.reason,
		collapsed: q.count.collapsed, absorbed: q.count.absorbed, refused: q.count.refused,
	}
	d.ready = q.readyLocked()
	d.parked = d.waiting[task.Ready] - d.ready[0] - d.ready[1]
	d.waiting[task.Ready] = 0
	return d
}

// parksLive reports whether a live debt waits for the end of a run under way.
func (q *Queue) parksLive() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	live := func(e *entry) bool { return e.Class == task.ClassLive }
	for _, b := range q.running {
		if slices.ContainsFunc(b.parked.list, live) {
			return true
		}
	}
	return slices.ContainsFunc(q.behind.list, live)
}

func (q *Queue) readyLocked() (ready [2]int) {
	for i := range q.lanes {
		ready[lane(i).class()] += len(q.lanes[i].list)
	}
	return ready
}

// release makes held debts ready again; confirmed says that a person let their deletions go. It
// returns how many there were.
func (q *Queue) release(confirmed bool) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for i := len(q.held.list) - 1; i >= 0; i-- {
		e := q.held.list[i]
		if e.reason != task.Held {
			continue
		}
		n++
		q.unplace(e)
		e.reason, e.why, e.confirmed = task.Ready, "", e.confirmed || confirmed
		q.place(e)
	}
	q.poke()
	return n
}

// resume makes ready what waits because its root or mount was gone.
func (q *Queue) resume() {
	q.mu.Lock()
	defer q.mu.Unlock()
	var paused []*entry
	for _, list := range [][]*entry{q.waits.list, q.held.list} {
		for _, e := range list {
			if e.reason == task.Paused {
				paused = append(paused, e)
			}
		}
	}
	for _, e := range paused {
		q.unplace(e)
		e.reason, e.notBefore, e.why = task.Ready, 0, ""
		q.place(e)
	}
	q.poke()
}

// passEnd reports whether a full pass has come to its end since the last call: nothing of it is
// owed but deletions that are held. Clean: not even those.
func (q *Queue) passEnd() (ended, clean bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := &q.count
	if !c.pass || c.passes > c.passHeld {
		return false, false
	}
	// Deletions that are let go later (unplace) end the pass once more.
	c.pass = false
	return true, c.passes == 0
}
