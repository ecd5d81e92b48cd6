package deliver

import (
	"time"

	"github.com/sersync/sersync/engine/task"
)

// settlement is what became of a batch.
type settlement struct {
	// judge, if not nil, says of each debt whether it is paid; of one that is not it sets the reason
	// and time for which it waits. Nil: all are paid, the run succeeded and left nothing.
	judge func(*entry) (paid bool)
	// transferred are the files that rsync sent.
	transferred []string
	// extra are debts that the end of the run brought up: paths that failed below a Subtree.
	extra []task.Waiting
	// full: the target had no room.
	full bool
	// doubt is until when the receiver of a killed run may go on; the zero time: it does not.
	doubt time.Time
}

// Settle ends a batch: what was resolved and succeeded is paid, everything else is owed again.
func (q *Queue) settle(now time.Time, b *Batch, s settlement) {
	q.mu.Lock()
	defer q.poke()
	defer q.mu.Unlock()
	q.gen++
	succeeded := s.judge == nil && b.plan != nil
	if succeeded && b.Kind == task.KindTree {
		q.payParked(now, b)
		q.payHeld(b)
	}
	q.drop(b)
	sent := b.transferred(s.transferred)
	fits := false
	for _, e := range b.taken {
		if !s.doubt.IsZero() {
			e.doubt = max(e.doubt, s.doubt.UnixNano())
		}
		paid := succeeded
		if s.judge != nil {
			e.reason, e.notBefore, e.why = task.Ready, 0, ""
			paid = s.judge(e)
		}
		if e.mark == markCarried {
			paid = succeeded && sent[e.Path]
		}
		switch {
		case !paid && s.full && e.reason != task.Held:
			q.setFull(e)
		case paid && e.full:
			fits = fits || e.tooLarge()
			q.clearFull(e)
		}
		q.end(now, e, paid)
	}
	if succeeded {
		q.payCarried(now, b, s.transferred)
	}
	for i := range s.extra {
		q.addBack(now, b, &s.extra[i], s.full)
	}
	q.oweParents(now, b)
	if fits {
		q.tryFull()
	}
}

// end is the end of an entry's run. One that is paid while an older run's receiver may still write
// is looked at again when it can't any more.
func (q *Queue) end(now time.Time, e *entry, paid bool) {
	switch {
	case !paid:
		q.restore(e)
	case e.doubt > now.UnixNano():
		e.reason, e.notBefore, e.why = task.Doubtful, e.doubt, "a killed run may have finished late"
		e.fails, e.again, e.split, e.Class = 0, 0, 0, task.ClassBulk
		q.restore(e)
	default:
		q.done(e)
	}
}

// transferred returns the set of files sent, if the plan carries debts that ask for it.
func (b *Batch) transferred(paths []string) map[string]bool {
	if b.plan == nil || len(b.plan.Carried) == 0 {
		return nil
	}
	sent := make(map[string]bool, len(paths))
	for _, path := range paths {
		sent[path] = true
	}
	return sent
}

// payParked pays what came before the run's Subtrees were looked at and had to wait for their end.
// It is not for content, which the quick check throws away.
func (q *Queue) payParked(now time.Time, b *Batch) {
	for i := len(b.parked.list) - 1; i >= 0; i-- {
		e := b.parked.list[i]
		if e.gen < b.gen && e.What&(task.Content|task.Stray) == 0 && e.doubt <= now.UnixNano() &&
			b.print.covers(e.Path) {
			q.count.absorbed++
			q.forget(e)
		}
	}
}

// payHeld pays held deletions that a recursive run has done since.
func (q *Queue) payHeld(b *Batch) {
	for i := len(q.held.list) - 1; i >= 0; i-- {
		if e := q.held.list[i]; e.reason == task.Held && e.gen < b.gen && b.print.covers(e.Path) {
			q.forget(e)
		}
	}
}

// payCarried pays content debts by the files that a run for something else sent: rsync read them
// after those debts had come. Only the very file counts, for the quick check may have skipped it.
func (q *Queue) payCarried(now time.Time, b *Batch, transferred []string) {
	for _, path := range transferred {
		e := q.debts[task.Entry][path]
		if e != nil && e.gen < b.gen && e.What&(task.Writing|task.Stray) == 0 &&
			e.doubt <= now.UnixNano() {
			q.count.absorbed++
			q.forget(e)
		}
	}
}

// oweParents owes the attributes of directories that b may have set back to what it had listed
// before a younger run sent newer ones.
func (q *Queue) oweParents(now time.Time, b *Batch) {
	for dir := range b.owed {
		q.addLocked(now, &task.Debt{
			Path: dir, Scope: task.Entry, What: task.Attr, Origin: b.plan.Origin, Class: b.Class,
			Since: now.UnixNano(),
		})
	}
}
