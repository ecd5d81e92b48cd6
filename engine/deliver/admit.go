package deliver

import (
	"slices"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// pausedLook is how often a paused part of the tree is looked at if nobody calls Resume.
const pausedLook = 30 * time.Second

// Admit compares the footprint of p with the runs under way. If they overlap nowhere, it gives back
// to the queue what p says, and p may run until Settle. Otherwise the batch is over: its debts wait
// for the end of the run that they met, or, those that it does not touch, are ready again.
func (q *Queue) Admit(now time.Time, b *Batch, p *task.Plan) bool {
	print := ofPlan(p)
	q.mu.Lock()
	defer q.poke()
	defer q.mu.Unlock()
	for _, other := range q.running {
		if other == b || other.plan == nil {
			continue
		}
		if clash(print, other.print) {
			q.refuse(b, other, print.met(other.print))
			return false
		}
	}
	for _, other := range q.running {
		if other != b && other.plan != nil {
			sharedDirs(other.print, print, func(dir string) {
				if other.owed == nil {
					other.owed = make(map[string]struct{})
				}
				other.owed[dir] = struct{}{}
			})
		}
	}
	b.plan, b.print = p, print
	q.gen++
	q.giveBack(now, b)
	q.unpark(&b.parked) // some were parked behind debts that are not in the run
	return true
}

// refuse ends a batch whose plan met a run under way.
func (q *Queue) refuse(b, other *Batch, met []task.Claim) {
	q.count.refused++
	q.drop(b)
	// If no debt is to blame, the plan claims what none of them names: then all of them wait, for
	// they would meet the same run again at once.
	blamed := slices.ContainsFunc(b.taken, func(e *entry) bool { return touches(e, met) })
	for _, e := range b.taken {
		waits := !blamed || touches(e, met)
		if e = q.restore(e); waits && e.isReady() && !q.isParked(e) {
			q.unplace(e)
			q.parkBehind(e, other)
		}
	}
}

func touches(e *entry, claims []task.Claim) bool {
	for _, c := range claims {
		if within(e.Path, c.Path) || within(c.Path, e.Path) {
			return true
		}
	}
	return false
}

// drop takes a batch off the list of those under way.
func (q *Queue) drop(b *Batch) {
	for i, other := range q.running {
		if other == b {
			q.running = append(q.running[:i], q.running[i+1:]...)
			break
		}
	}
	q.count.taken -= len(b.taken)
	q.unpark(&b.parked)
}

// restore puts an entry of a batch back into the queue, as its reason says, and returns what is
// owed there now: if the same was owed anew meanwhile, that stays as it is, and takes over what is
// known of e.
func (q *Queue) restore(e *entry) *entry {
	newer := q.debts[e.Scope][e.Path]
	if newer == nil {
		e.mark = unmarked
		q.insert(e)
		return e
	}
	parked := q.isParked(newer)
	if !parked {
		q.unplace(newer)
	}
	mergeDebt(&newer.Debt, &e.Debt)
	newer.inherit(e)
	q.share(newer, e)
	if !parked && e.costly && e.reason == task.Failed && newer.isReady() && newer.What&task.Left == 0 {
		newer.reason, newer.notBefore, newer.why, newer.Class = e.reason, e.notBefore, e.why, e.Class
	}
	if !parked {
		q.place(newer)
	}
	q.done(e)
	return newer
}

// giveBack does what the plan says about the debts that the run will not pay.
func (q *Queue) giveBack(now time.Time, b *Batch) {
	p := b.plan
	added := q.markPaid(b, p.Paid, markPaid)
	added = append(added, q.markPaid(b, p.Carried, markCarried)...)
	idle := len(p.Items) == 0 && len(p.Paid) == 0 && len(p.Carried) == 0 && p.Drop == 0
	// What becomes a Listing of itself and a Subtree of each child is replaced by them.
	split := make(map[string]bool)
	for _, e := range added {
		split[e.Path] = split[e.Path] || e.Scope == task.Listing
	}
	var fresh []*task.Waiting
	for i := range p.Back {
		w := &p.Back[i]
		if e := b.find(key{w.Path, w.Scope}); e != nil && e.mark == unmarked {
			e.mark = markBack
			e.back(now, w, idle, len(b.taken))
			continue
		}
		fresh = append(fresh, w)
		split[w.Path] = split[w.Path] || w.Scope == task.Listing
	}
	for _, w := range fresh {
		q.addBack(now, b, w, false)
	}
	q.keep(b, added, split)
}

// keep reduces a batch to the debts that share the fate of its run.
func (q *Queue) keep(b *Batch, added []*entry, split map[string]bool) {
	kept := make([]*entry, 0, len(b.taken)+len(added))
	for _, e := range b.taken {
		switch {
		case e.mark == markBack:
			q.restore(e)
		case e.mark == unmarked && e.Scope == task.Subtree && split[e.Path]:
			q.done(e)
		default:
			kept = append(kept, e)
		}
	}
	if len(added) > 0 {
		kept = append(kept, added...)
		sortEntries(kept)
	}
	q.count.taken += len(kept) - len(b.taken)
	b.taken = kept
}

// markPaid notes what the plan says of the debts that were taken, and returns entries for those of
// its debts that were not.
func (q *Queue) markPaid(b *Batch, debts []task.Debt, m mark) []*entry {
	var added []*entry
	for i := range debts {
		d := &debts[i]
		e := b.find(key{d.Path, d.Scope})
		if e == nil {
			e = q.newEntry(d)
			e.confirmed = b.Confirmed
			added = append(added, e)
		}
		e.mark = m
	}
	return added
}

// back notes why and until when an entry that a plan gives back waits. A plan that does nothing but
// give back what it was given would be asked for ever, so the next one gets less, and at last the
// debt is stuck.
func (e *entry) back(now time.Time, w *task.Waiting, idle bool, taken int) {
	same := e.What == w.What && w.Reason == task.Ready && !w.NotBefore.After(now)
	e.What, e.Class = w.What, w.Class
	e.wait(now, w)
	switch {
	case !idle || !same:
	case taken > 1:
		e.split = int32(taken / 2)
	default:
		e.stuck(now, "no run takes it", pathLongest)
	}
}

// wait notes why and until when a plan lets e wait.
func (e *entry) wait(now time.Time, w *task.Waiting) {
	e.reason, e.why, e.notBefore = w.Reason, w.Why, 0
	switch {
	case w.NotBefore.After(now):
		e.notBefore = w.NotBefore.UnixNano()
	case w.Reason == task.Failed:
		e.stuck(now, w.Why, pathLongest)
	case w.Reason == task.Paused:
		e.notBefore = now.Add(pausedLook).UnixNano()
	case !w.NotBefore.IsZero():
		e.reason = task.Ready // it has waited long enough already
	}
}

// addBack owes what a plan gives back and nobody had taken: a part of a Subtree that was too large,
// a file that needs a run of its own. Full says that the target had no room for it.
func (q *Queue) addBack(now time.Time, b *Batch, w *task.Waiting, full bool) {
	known := q.debts[w.Scope][w.Path] != nil
	e := q.addLocked(now, &w.Debt)
	q.unplace(e)
	if !known {
		e.wait(now, w)
	}
	if from := b.source(&w.Debt); from != nil {
		e.doubt = max(e.doubt, from.doubt)
		e.confirmed = e.confirmed || from.confirmed
		if w.Scope != task.Entry {
			// A part of what was seen leaving was seen leaving.
			e.What |= from.What & (task.Left | task.WasDir)
		}
		if from.pass && (full || w.Scope != task.Entry) {
			q.setPass(e)
		}
	}
	if full {
		q.setFull(e)
		if e.reason == task.Failed {
			e.split, e.fails = 1, max(e.fails, 1)
		}
	}
	q.place(e)
}
