package deliver

import (
	"slices"
	"time"

	"github.com/sersync/sersync/engine/task"
)

const (
	// mostUnsent is how many paths are owed one by one after a run that the target had no room for;
	// with more, what they belong to is owed, too.
	mostUnsent = 1 << 16
	// costShare bounds what is spent on trying what did not fit: a try sends all that there is room
	// for, so the next one waits this many times as long as it took.
	costShare = 4
)

// A full target is no target that is down: deletions succeed, and so does all that is small enough.
// rsync ends a run at the first file that does not fit, so whatever comes after it in a list would
// never arrive. Therefore what such a run has not done is owed path by path, and the path that rsync
// complains of, or bisection finds, is tried alone from then on. The breaker makes the lists shorter,
// and the pauses between them longer, for as long as whatever is tried fails.
//
// entry.full marks what was in such a run and is not done since. The target counts as full until
// nothing is.

// noRoom judges a run for which the target had no room.
func (t *Target) noRoom(r *run) (judge func(*entry) bool, extra []task.Waiting) {
	least, longest := t.noRoomWait()
	blamed := slices.ContainsFunc(r.res.Failed, func(f PathFailure) bool { return f.Why != "" })
	n := len(r.batch.taken)
	blame := func(e *entry, why string) {
		switch {
		case why == "" && n > 1 && !blamed:
			e.split = int32(n+1) / 2
		case why == "" && n > 1: // another is
		case why == "":
			e.noRoom(r, r.err.Error(), least, longest)
		default:
			e.noRoom(r, why, least, longest)
		}
	}
	judge = func(e *entry) bool { blame(e, ""); return false }
	if r.res.FailedKnown {
		judge, extra = notDone(r, blame)
	}
	return judge, append(extra, litter(r)...)
}

// litter owes the removal of what r has left on the target, which keeps it full.
func litter(r *run) []task.Waiting {
	list := make([]task.Waiting, len(r.res.Litter))
	for i, path := range r.res.Litter {
		w := extraDebt(r, &PathFailure{Path: path, Delete: true, Vanished: true})
		w.What |= task.WasDir
		w.Origin, w.Class = task.Live, task.ClassLive // we have seen it come
		list[i] = w
	}
	return list
}

// noRoomWait bounds how long a path waits that did not fit.
func (t *Target) noRoomWait() (least, longest time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.breaker.down() {
		least = longestProbe + pathFirst // others are tried before it
	}
	// However many they are, alone they make no more than a run a second.
	stuck := t.queue.depth().waiting[task.Failed]
	return least, min(max(longestProbe, time.Duration(stuck)*time.Second), pathLongest)
}

// notDone judges a run whose Failed are not done, most of them because rsync did not come to them.
// What a Subtree or a Listing lacks is owed by itself, even the directory's own attributes, so that
// the rest is paid.
func notDone(r *run, blame func(*entry, string)) (judge func(*entry) bool, extra []task.Waiting) {
	taken := make(map[key]bool, len(r.batch.taken))
	for _, e := range r.batch.taken {
		taken[e.key()] = true
	}
	failed := make(map[string]*PathFailure, len(r.res.Failed))
	more := false
	for i := range r.res.Failed {
		f := &r.res.Failed[i]
		failed[f.Path] = f
		switch whole := (key{f.Path, task.Subtree}); {
		case taken[key{f.Path, task.Entry}] || f.Dir && taken[whole]: // judged by its own path
		case len(extra) < mostUnsent:
			extra = append(extra, notDoneDebt(r, f))
		default:
			more = true
		}
	}
	return func(e *entry) bool {
		f := failed[e.Path]
		if f != nil && !f.Dir && e.Scope != task.Entry {
			f = nil
		}
		for dir, ok := parentOf(e.Path); f == nil && ok; dir, ok = parentOf(dir) {
			if above := failed[dir]; above != nil && above.Dir {
				f = above
			}
		}
		switch {
		case f == nil && (!more || e.Scope == task.Entry):
			return true
		case f == nil: // not all that it lacks could be owed by itself
			blame(e, r.err.Error())
		case f.Dir:
			e.stuck(r.ended, f.Why, pathLongest)
		case !f.Vanished:
			blame(e, f.Why)
		}
		return false
	}, extra
}

// notDoneDebt is extraDebt, ready at once unless it is to blame.
func notDoneDebt(r *run, f *PathFailure) task.Waiting {
	w := extraDebt(r, f)
	if r.plan.Kind == task.KindContent && w.Scope == task.Entry {
		w.What |= task.Content // another name of a file whose content is owed
	}
	if f.Why == "" {
		w.Reason, w.NotBefore = task.Ready, time.Time{}
	}
	if w.Reason == task.Ready {
		w.Class = r.batch.Class
	}
	return w
}

// noRoom makes e wait, and go alone from then on.
func (e *entry) noRoom(r *run, why string, least, longest time.Duration) {
	e.stuck(r.ended, why, longest)
	e.split = 1
	cost := min(costShare*r.ended.Sub(r.started), pathLongest)
	e.costly = cost > longestProbe
	e.notBefore = max(e.notBefore, r.ended.Add(max(least, cost)).UnixNano())
}

// tooLarge says that e did not fit although it was alone, or was blamed for it.
func (e *entry) tooLarge() bool { return e.full && e.split == 1 && e.fails > 0 }

// tooLarge says that the batch is one debt that did not fit before, so that its failure says
// nothing about others.
func (b *Batch) tooLarge() bool { return len(b.taken) == 1 && b.taken[0].tooLarge() }

// full says that the batch has debts that did not fit before.
func (b *Batch) full() bool {
	return slices.ContainsFunc(b.taken, func(e *entry) bool { return e.full })
}

func (q *Queue) setFull(e *entry) {
	if !e.full {
		e.full = true
		q.count.full++
	}
}

func (q *Queue) clearFull(e *entry) {
	if e.full {
		e.full, e.costly = false, false
		q.count.full--
	}
}

// tryFull makes ready what did not fit, because something else that did not does now.
func (q *Queue) tryFull() {
	var list []*entry
	for _, e := range q.waits.list {
		if e.full && e.reason == task.Failed && !e.costly {
			list = append(list, e)
		}
	}
	for _, e := range list {
		q.unplace(e)
		e.reason, e.notBefore, e.why, e.split = task.Ready, 0, "", 0
		q.place(e)
	}
}

// owesFull reports whether anything is owed that the target had no room for.
func (q *Queue) owesFull() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count.full > 0
}

// fullNow notes that the target had no room for something in r.
func (t *Target) fullNow(r *run) {
	t.mu.Lock()
	news := t.full.IsZero()
	if news {
		t.full = r.ended
	}
	rest := t.breaker.down() || !r.batch.tooLarge()
	t.mu.Unlock()
	if news {
		t.log.Warn("target is full, what does not fit waits", "err", r.err)
	}
	if rest {
		t.fail(ClassDiskFull, r.err, r.ended)
	}
}

// roomAgain notes when nothing is owed any more that did not fit.
func (t *Target) roomAgain(now time.Time) {
	t.mu.Lock()
	since := t.full
	over := !since.IsZero() && !t.queue.owesFull()
	if over {
		t.full = time.Time{}
		if t.breaker.class == ClassDiskFull {
			t.breaker = breaker{}
		}
	}
	t.mu.Unlock()
	if over {
		t.log.Info("target has room again", "after", now.Sub(since).Round(time.Second))
	}
}
