package deliver

import (
	"sync"
	"time"

	"github.com/sersync/sersync/engine/task"
)

const (
	// DefaultCeiling is how many debts a queue holds before it collapses some: about 250 MB of them.
	DefaultCeiling = 1_000_000
	// retrySoon is when a path that failed is tried again after it has changed.
	retrySoon = time.Second
	// shrinkFrom is the size above which the maps of an emptied queue are given back to the heap.
	shrinkFrom = 1 << 16
)

// Queue is what is owed to one target: each (path, scope) once, ready or waiting with a reason, or
// in a batch that a worker has taken. Its methods may be called by several goroutines at once.
type Queue struct {
	ceiling int
	wake    chan struct{} // capacity 1: something may be ready

	mu      sync.Mutex
	debts   [3]map[string]*entry // by scope; what is not in a batch
	spare   []entry              // the rest of the slab that entries are cut from
	peak    int
	gen     uint64
	lanes   [lanes]heap // ready, oldest first
	waits   heap        // waiting for a time, soonest first
	held    bag         // waiting for a person, or for an event
	running []*Batch    // in the order in which they were taken
	// next had to wait too often: whatever overlaps it stands in behind until next is taken.
	next   *entry
	behind bag
	count  counts
}

// counts are kept while entries move, so that a status costs nothing.
type counts struct {
	reason   [task.Doubtful + 1]int // entries on shelves; Ready includes the parked
	taken    int                    // entries in batches
	passes   int                    // entries that are part of a full pass, wherever they are,
	passHeld int                    // and those of them that are held
	pass     bool                   // a full pass is under way
	full     int                    // entries that the target had no room for, wherever they are

	collapsed, absorbed, refused uint64
}

// NewQueue returns an empty queue that collapses debts when Add takes it above the ceiling; 0 is
// DefaultCeiling. What plans give back may exceed it: collapsing that would undo what they found.
func NewQueue(ceiling int) *Queue {
	if ceiling <= 0 {
		ceiling = DefaultCeiling
	}
	q := &Queue{ceiling: ceiling, wake: make(chan struct{}, 1)}
	for i := range q.lanes {
		q.lanes[i].less = olderFirst
	}
	q.waits.less = soonestFirst
	q.forgetMaps()
	return q
}

func (q *Queue) forgetMaps() {
	for scope := range q.debts {
		q.debts[scope] = make(map[string]*entry)
	}
	q.peak = 0
}

// Add owes debts. One for a path and scope that is owed already is merged into it; one that waits
// is ready again, because it has changed. It never blocks.
func (q *Queue) Add(now time.Time, debts []task.Debt) {
	if len(debts) == 0 {
		return
	}
	q.mu.Lock()
	q.gen++
	for i := range debts {
		q.addLocked(now, &debts[i])
	}
	if q.lenLocked() > q.ceiling {
		q.collapseLocked(now)
	}
	q.mu.Unlock()
	q.poke()
}

func (q *Queue) addLocked(now time.Time, d *task.Debt) *entry {
	e := q.debts[d.Scope][d.Path]
	if e == nil {
		e = q.newEntry(d)
		q.startPass(e)
		q.insert(e)
		q.shareLeft(e)
		return e
	}
	merged := e.Debt
	mergeDebt(&merged, d)
	e.gen = q.gen
	defer q.shareLeft(e)
	if e.isReady() && (q.isParked(e) || merged.Since == e.Since && laneOf(&merged) == e.lane) {
		e.Debt = merged
		q.startPass(e)
		return e
	}
	q.unplace(e)
	e.Debt = merged
	q.startPass(e)
	switch e.reason {
	case task.Failed:
		// It has changed, so it may go well now; but a path that always fails and always changes
		// must not come back at every change, nor one at all that costs as much as its bytes.
		if e.costly && d.What&task.Left == 0 {
			break
		}
		e.notBefore = min(e.notBefore, now.Add(retrySoon).UnixNano())
	case task.Ready, task.Open, task.Held, task.Doubtful:
		e.reason, e.notBefore, e.why = task.Ready, 0, ""
	}
	q.place(e)
	return e
}

// shareLeft tells a Subtree that its own name was seen leaving, which comes as an Entry: what the
// target has below it is old, whatever comes back under that name.
func (q *Queue) shareLeft(e *entry) {
	const gone = task.Left | task.WasDir
	switch {
	case e.Scope == task.Subtree:
		if name := q.debts[task.Entry][e.Path]; name != nil && name.What&task.Left != 0 {
			e.What |= gone
		}
	case e.Scope == task.Entry && e.What&task.Left != 0:
		if tree := q.debts[task.Subtree][e.Path]; tree != nil {
			tree.What |= gone
		}
	}
}

// startPass marks the debt that a full pass begins as.
func (q *Queue) startPass(e *entry) {
	if e.Path == "" && e.Scope == task.Subtree {
		q.setPass(e)
		q.count.pass = true
	}
}

func (q *Queue) setPass(e *entry) {
	if !e.pass {
		e.pass = true
		q.count.passes++
	}
}

// share has to take over what from is part of.
func (q *Queue) share(to, from *entry) {
	if from.pass {
		q.setPass(to)
	}
	if from.full {
		q.setFull(to)
	}
}

func (q *Queue) newEntry(d *task.Debt) *entry {
	if len(q.spare) == 0 {
		q.spare = make([]entry, 64)
	}
	e := &q.spare[0]
	q.spare = q.spare[1:]
	e.Debt, e.gen = *d, q.gen
	return e
}

// insert puts an entry that is nowhere where its state says, and makes it known by its key.
func (q *Queue) insert(e *entry) {
	q.debts[e.Scope][e.Path] = e
	q.peak = max(q.peak, len(q.debts[e.Scope]))
	q.place(e)
}

// place puts an entry on the shelf that its reason and class say.
func (q *Queue) place(e *entry) {
	e.lane = laneOf(&e.Debt)
	switch {
	case e.isReady():
		q.shelve(e, &q.lanes[e.lane])
	case e.notBefore == 0:
		q.shelve(e, &q.held)
	default:
		q.shelve(e, &q.waits)
	}
}

func (q *Queue) shelve(e *entry, s shelf) {
	q.count.reason[e.reason]++
	if e.pass && e.reason == task.Held {
		q.count.passHeld++
	}
	s.put(e)
}

// unplace takes an entry off its shelf. Its reason MUST NOT have changed since it was put there.
func (q *Queue) unplace(e *entry) {
	q.count.reason[e.reason]--
	if e.pass && e.reason == task.Held {
		q.count.passHeld--
		q.count.pass = true
	}
	e.on.remove(e)
}

// isParked says that e stands behind a run, or behind one that had to wait too often.
func (q *Queue) isParked(e *entry) bool {
	b, ok := e.on.(*bag)
	return ok && b != &q.held
}

// forget removes an entry that stands on a shelf from the queue.
func (q *Queue) forget(e *entry) {
	q.unplace(e)
	delete(q.debts[e.Scope], e.Path)
	if q.next == e {
		q.clearNext()
	}
	q.done(e)
}

// done is the end of an entry that is in no map any more.
func (q *Queue) done(e *entry) {
	if e.pass {
		q.count.passes--
	}
	if e.full {
		q.count.full--
	}
	if q.peak > shrinkFrom && q.lenLocked() == 0 {
		q.forgetMaps()
	}
}

// lenLocked counts what is owed and not in a batch.
func (q *Queue) lenLocked() int { return len(q.debts[0]) + len(q.debts[1]) + len(q.debts[2]) }

// poke wakes one worker.
func (q *Queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
