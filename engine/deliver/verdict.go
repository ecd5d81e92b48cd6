package deliver

import (
	"context"
	"fmt"
	"time"

	"github.com/sersync/sersync/engine/task"
)

const (
	// vanishings is how often a path that was gone when rsync came is looked at again at once.
	vanishings = 3
	// mostExtra is how many paths below a Subtree are owed one by one when they failed; with more,
	// the Subtree is.
	mostExtra = 1000
)

// verdict is what the end of a run means.
type verdict struct {
	settlement
	class  Class          // of a run that failed as a whole; ClassNone: the target answered
	failed []task.Waiting // what is stuck by it
	stuck  int            // how many of those are so for the first time
}

// verdict looks at how r ended.
func (t *Target) verdict(ctx context.Context, r *run) *verdict {
	v := &verdict{class: classOf(r.err)}
	if r.doubt || finishesLate(r.err) {
		v.doubt = r.ended.Add(t.o.ServerTimeout)
	}
	v.transferred = r.res.Transferred
	n := len(r.batch.taken)
	switch {
	case r.err == nil && r.res.Left == 0:
		return v
	case r.err == nil:
		v.judge = func(*entry) bool { return true }
	case ctx.Err() != nil:
		v.class = ClassKilled
		v.judge = func(*entry) bool { return false }
		return v
	case v.class == ClassDiskFull:
		v.full = true
		v.judge, v.extra = t.noRoom(r)
		if r.res.Left > 0 {
			v.judge = t.deletionsLeft(r, v.judge)
		}
		v.noteFailed()
		return v
	case !v.class.answered():
		v.judge = wholeFailed(n, v.class, r.err, r.ended)
		return v
	case r.res.FailedKnown:
		v.judge, v.extra = pathsFailed(r)
	default:
		v.judge = somethingFailed(n, v.class, r.err, r.ended)
	}
	v.class = ClassNone
	if r.res.Left > 0 {
		v.judge = t.deletionsLeft(r, v.judge)
	}
	v.noteFailed()
	return v
}

// noteFailed makes judge remember what it finds stuck.
func (v *verdict) noteFailed() {
	judge := v.judge
	for i := range v.extra {
		if !v.full || v.extra[i].Reason == task.Failed {
			v.failed = append(v.failed, v.extra[i])
			if v.full {
				v.stuck++
			}
		}
	}
	v.judge = func(e *entry) bool {
		paid := judge(e)
		if e.reason == task.Failed && len(v.failed) < mostExtra {
			v.failed = append(v.failed, e.waiting())
			if e.fails == 1 {
				v.stuck++
			}
		}
		return paid
	}
}

// wholeFailed judges the n debts of a run of which nothing can be said. All are owed again at once;
// it is the target that is given time. A debt that was alone in it may be to blame: others are
// tried before it is.
func wholeFailed(n int, class Class, err error, now time.Time) func(*entry) bool {
	return func(e *entry) bool {
		if n == 1 && class.mayBePath() {
			e.stuck(now, err.Error(), longestFault)
		}
		return false
	}
}

// somethingFailed judges a run of which some paths failed, and nobody knows which: bisection.
func somethingFailed(n int, class Class, err error, now time.Time) func(*entry) bool {
	return func(e *entry) bool {
		switch {
		case class == ClassVanished && e.again < vanishings:
			e.again++
		case n > 1:
			e.split = int32(n+1) / 2
		default:
			e.stuck(now, err.Error(), pathLongest)
		}
		return false
	}
}

// pathsFailed judges a run whose failed paths are known. A path that failed below a Subtree or in a
// Listing is owed by itself, so that the rest is paid.
func pathsFailed(r *run) (judge func(*entry) bool, extra []task.Waiting) {
	failed := make(map[string]*PathFailure, len(r.res.Failed))
	for i := range r.res.Failed {
		failed[r.res.Failed[i].Path] = &r.res.Failed[i]
	}
	owner := make(map[key]bool)
	for _, e := range r.batch.taken {
		owner[e.key()] = true
	}
	blamed := make(map[key]*PathFailure) // too many failed below it
	for path, f := range failed {
		at, ok := ownerOf(owner, path)
		switch {
		case !ok || at.path == path: // judged by its own path
		case len(extra) >= mostExtra:
			blamed[at] = f
		default:
			extra = append(extra, extraDebt(r, f))
		}
	}
	judge = func(e *entry) bool {
		f := blamed[e.key()]
		for path, ok := e.Path, f == nil; ok && f == nil; path, ok = parentOf(path) {
			f = failed[path]
		}
		switch {
		case f == nil:
			return true
		case f.Vanished && e.again < vanishings:
			e.again++
		default:
			e.stuck(r.ended, f.Why, pathLongest)
		}
		return false
	}
	return judge, extra
}

// ownerOf returns the debt that a path belongs to: its own, or the nearest that reaches it.
func ownerOf(owner map[key]bool, path string) (key, bool) {
	for _, scope := range []task.Scope{task.Entry, task.Listing, task.Subtree} {
		if k := (key{path, scope}); owner[k] {
			return k, true
		}
	}
	dir, ok := parentOf(path)
	if ok && owner[key{dir, task.Listing}] {
		return key{dir, task.Listing}, true
	}
	for ; ok; dir, ok = parentOf(dir) {
		if k := (key{dir, task.Subtree}); owner[k] {
			return k, true
		}
	}
	return key{}, false
}

func extraDebt(r *run, f *PathFailure) task.Waiting {
	w := task.Waiting{
		Debt: task.Debt{
			Path: f.Path, What: task.Attr, Origin: r.plan.Origin, Class: task.ClassBulk,
			Since: r.started.UnixNano(),
		},
		Reason:    task.Failed,
		NotBefore: r.ended.Add(backoff(0, pathFirst, pathLongest)),
		Why:       f.Why,
	}
	for i := range r.batch.Debts {
		w.Since = min(w.Since, r.batch.Debts[i].Since)
	}
	if f.Dir {
		w.Scope = task.Subtree
	}
	if f.Delete {
		w.What |= task.Left
	}
	if f.Vanished {
		w.Reason, w.NotBefore, w.Why = task.Ready, time.Time{}, ""
	}
	return w
}

// deletionsLeft holds the debts whose deletions the budget stopped; where the guard would give
// more, they are owed again at once.
func (t *Target) deletionsLeft(r *run, judge func(*entry) bool) func(*entry) bool {
	more := r.res.Deleted > 0 && t.guard.Room(r.ask, r.ended)
	missing := make(map[string]bool)
	for i := range r.plan.Items {
		if r.plan.Items[i].Missing {
			missing[r.plan.Items[i].Path] = true
		}
	}
	deletes := func(e *entry) bool {
		for path, ok := e.Path, true; ok; path, ok = parentOf(path) {
			if missing[path] {
				return true
			}
		}
		return e.Scope != task.Entry
	}
	why := fmt.Sprintf("%d deletions exceed what the guard allows (%s)", r.res.Left, r.plan.Origin)
	return func(e *entry) bool {
		if !judge(e) {
			return false
		}
		if !deletes(e) && (len(missing) > 0 || r.ask.Pass) {
			return true
		}
		if !more {
			e.reason, e.why = task.Held, why
			// What is left to do is deleting: the content has been sent.
			e.What = e.What&^(task.Content|task.Writing) | task.Attr
		}
		return false
	}
}
