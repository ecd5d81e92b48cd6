package deliver

import (
	"math"
	"time"

	"github.com/sersync/sersync/engine/task"
)

const (
	// fewest and most bound a batch: fewer cost more in connections than they win by parallel runs,
	// more make a list whose end waits too long for its turn.
	fewest = 256
	most   = 10_000
	// fewestTrees is fewest for the trees of passes, of which each may be as much as a run does.
	fewestTrees = 4
	// patience is how often an entry waits for the end of another run before nothing that overlaps
	// it may start ahead of it.
	patience = 3
)

// Want says what a worker may take.
type Want struct {
	// Max bounds the batch; 0 is a fair share for Idle workers, of a pass for All.
	Max, Idle, All int
	// Bulk: the bulk lane may be taken from; BulkFirst: it is its turn.
	Bulk, BulkFirst bool
}

// Take returns debts of one kind, live before bulk and the oldest first, none of which conflicts
// with a run under way; nil if there are none. The batch MUST be given to Admit and Settle, or only
// to Settle.
func (q *Queue) Take(now time.Time, w Want) *Batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.promote(now)
	q.gen++
	b := &Batch{gen: q.gen}
	if e := q.next; e != nil && e.isReady() && !q.isParked(e) &&
		(e.Class == task.ClassLive || w.Bulk) {
		q.fill(b, e.lane, w, e)
	}
	order := []task.Class{task.ClassLive}
	switch {
	case w.Bulk && w.BulkFirst:
		order = []task.Class{task.ClassBulk, task.ClassLive}
	case w.Bulk:
		order = []task.Class{task.ClassLive, task.ClassBulk}
	}
	for _, class := range order {
		// Each lane that turns out to hold nothing but parked entries is empty afterwards.
		for len(b.taken) == 0 {
			l, ok := q.oldestLane(class)
			if !ok {
				break
			}
			q.fill(b, l, w, nil)
		}
	}
	if len(b.taken) == 0 {
		return nil
	}
	b.sorted()
	q.running = append(q.running, b)
	q.count.taken += len(b.taken)
	return b
}

// promote makes ready what has waited long enough.
func (q *Queue) promote(now time.Time) {
	for e := q.waits.dueBy(now); e != nil; e = q.waits.dueBy(now) {
		q.unplace(e)
		e.reason, e.notBefore, e.why = task.Ready, 0, ""
		q.place(e)
	}
}

// NextDue returns when the next waiting debt becomes ready; the zero time if none waits for a time.
func (q *Queue) NextDue() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e := q.waits.first(); e != nil {
		return time.Unix(0, e.notBefore)
	}
	return time.Time{}
}

func (q *Queue) oldestLane(class task.Class) (oldest lane, ok bool) {
	since := int64(math.MaxInt64)
	for l, end := lanesOf(class); l < end; l++ {
		if e := q.lanes[l].first(); e != nil && e.Since < since {
			oldest, since, ok = l, e.Since, true
		}
	}
	return oldest, ok
}

// fill takes from one lane; first, if not nil, before all others.
func (q *Queue) fill(b *Batch, from lane, w Want, first *entry) {
	ready := &q.lanes[from]
	limit := w.limit(from, len(ready.list))
	for len(b.taken) < limit {
		e := first
		if first = nil; e == nil {
			e = ready.first()
		}
		if e == nil || len(b.taken) > 0 && e.confirmed != b.Confirmed {
			break
		}
		if e.split > 0 {
			if int(e.split) <= len(b.taken) {
				break
			}
			limit = min(limit, int(e.split))
		}
		q.unplace(e)
		if q.absorb(e) || q.park(e) {
			continue
		}
		q.takeInto(b, e)
	}
	b.Class, b.Kind = from.class(), from.form().kind()
}

// limit is the most that a batch takes from a lane in which n are ready.
func (w Want) limit(from lane, n int) int {
	switch {
	case from.form() == formAlone:
		return 1
	case w.Max > 0:
		return w.Max
	case from.form() == formTree && from.origin() != task.Live:
		// Whoever takes them looks at all that is below before anyone can have the rest, and the
		// smaller the last ones are, the sooner the last worker has done.
		return min(max(fewestTrees, n/max(w.All, 1)), most)
	}
	return min(max(fewest, n/max(w.Idle, 1)), most)
}

func (q *Queue) takeInto(b *Batch, e *entry) {
	if q.next == e {
		q.clearNext()
	}
	delete(q.debts[e.Scope], e.Path)
	e.mark = unmarked
	b.Confirmed = e.confirmed
	b.taken = append(b.taken, e)
}

// absorb lets a ready Subtree above e pay for it, where that loses nothing: not content, which the
// quick check of a Subtree would throw away; not a name that was seen leaving, where the Subtree
// may delete less than e; and nothing of the live lane into bulk.
func (q *Queue) absorb(e *entry) bool {
	trees := q.debts[task.Subtree]
	if len(trees) == 0 || e.confirmed {
		return false
	}
	switch e.lane.form() {
	case formContent, formAlone, formLarge:
		return false
	}
	for path, ok := e.Path, e.Scope != task.Subtree; ; {
		if ok {
			if tree := trees[path]; tree != nil && !q.isParked(tree) && absorbs(tree, e) {
				q.absorbInto(tree, e)
				return true
			}
		}
		if path, ok = parentOf(path); !ok {
			return false
		}
	}
}

func absorbs(tree, e *entry) bool {
	leaves := e.What&(task.Left|task.WasDir) != 0
	return tree.isReady() && tree.Class <= e.Class &&
		(!leaves || tree.Origin <= e.Origin)
}

func (q *Queue) absorbInto(tree, e *entry) {
	q.unplace(tree)
	tree.Since, tree.Seq = min(tree.Since, e.Since), max(tree.Seq, e.Seq)
	// Writing and Stray are about one name; Content of a Listing makes resolve look for files.
	tree.What |= e.What & (task.Content | task.Attr)
	if e.Path == tree.Path {
		tree.What |= e.What & (task.Left | task.WasDir)
	}
	tree.gen = max(tree.gen, e.gen)
	tree.doubt = max(tree.doubt, e.doubt)
	q.share(tree, e)
	q.place(tree)
	delete(q.debts[e.Scope], e.Path)
	if q.next == e {
		q.clearNext()
	}
	q.count.absorbed++
	q.done(e)
}

// park sets e aside until the run that it conflicts with has ended.
func (q *Queue) park(e *entry) bool {
	claim := task.Claim{Path: e.Path, Scope: e.Scope}
	for _, b := range q.running {
		if b.print.overlaps(claim) {
			q.parkBehind(e, b)
			return true
		}
	}
	if next := q.next; next != nil && next != e &&
		overlap(claim, task.Claim{Path: next.Path, Scope: next.Scope}) {
		q.shelve(e, &q.behind)
		return true
	}
	return false
}

func (q *Queue) parkBehind(e *entry, b *Batch) {
	q.shelve(e, &b.parked)
	if e.parked++; e.parked >= patience {
		e.parked = patience
		if q.next == nil {
			q.next = e
		}
	}
}

// dropNext lets everything start again that stands in behind a debt which had to wait too often.
func (q *Queue) dropNext() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clearNext()
	q.poke()
}

func (q *Queue) clearNext() {
	q.next = nil
	q.unpark(&q.behind)
}

func (q *Queue) unpark(parked *bag) {
	for len(parked.list) > 0 {
		e := parked.list[len(parked.list)-1]
		q.unplace(e)
		q.place(e)
	}
}
