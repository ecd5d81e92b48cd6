package deliver

import (
	"slices"
	"strings"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// fold is a group of debts that may become one: they have the same reason to be where they are.
type fold struct {
	dir    string
	reason task.Reason
}

// collapseLocked makes fewer debts of many, until a quarter of the ceiling is free: entries become
// a listing of their directory, the fullest directories first; if that is not enough, what lies
// deepest becomes the Subtree of a parent. A Subtree stays a Subtree, what is owed by content is
// looked for below (task.Content stays), and all of it is recovery from now on: nobody can say any
// more which names were seen leaving. Failed debts never collapse.
func (q *Queue) collapseLocked(now time.Time) {
	goal := q.ceiling - q.ceiling/4
	before := q.lenLocked()
	q.foldEntries(now, goal)
	if q.lenLocked() > goal {
		q.foldTrees(now, goal)
	}
	q.count.collapsed += uint64(before - q.lenLocked())
}

func (q *Queue) foldEntries(now time.Time, goal int) {
	groups := make(map[fold][]*entry)
	for _, e := range q.debts[task.Entry] {
		if dir, ok := parentOf(e.Path); ok && e.folds() {
			at := fold{dir, e.reason}
			groups[at] = append(groups[at], e)
		}
	}
	order := make([]fold, 0, len(groups))
	for at, list := range groups {
		if len(list) > 1 {
			order = append(order, at)
		}
	}
	slices.SortFunc(order, func(a, b fold) int {
		if n := len(groups[b]) - len(groups[a]); n != 0 {
			return n
		}
		return strings.Compare(a.dir, b.dir)
	})
	for _, at := range order {
		if q.lenLocked() <= goal {
			return
		}
		q.foldInto(now, at, task.Listing, groups[at])
	}
}

// foldTrees folds everything below the greatest depth at which few enough debts remain.
func (q *Queue) foldTrees(now time.Time, goal int) {
	var all []*entry
	depth := 0
	stay := 0
	for _, debts := range q.debts {
		for _, e := range debts {
			if e.folds() {
				all = append(all, e)
				depth = max(depth, depthOf(e.Path))
			} else {
				stay++
			}
		}
	}
	lo, hi := 0, depth // the greatest depth that reaches the goal is in [lo, hi)
	for lo+1 < hi {
		if mid := (lo + hi) / 2; stay+countAt(all, mid) <= goal {
			lo = mid
		} else {
			hi = mid
		}
	}
	groups := make(map[fold][]*entry)
	for _, e := range all {
		if depthOf(e.Path) > lo {
			at := fold{cut(e.Path, lo), e.reason}
			groups[at] = append(groups[at], e)
		}
	}
	for at, list := range groups {
		q.foldInto(now, at, task.Subtree, list)
	}
}

// countAt counts what would be left if everything deeper than depth were folded.
func countAt(all []*entry, depth int) int {
	groups := make(map[fold]struct{})
	n := 0
	for _, e := range all {
		if depthOf(e.Path) > depth {
			groups[fold{cut(e.Path, depth), e.reason}] = struct{}{}
		} else {
			n++
		}
	}
	return n + len(groups)
}

// folds says that e may be folded with others that have its reason.
func (e *entry) folds() bool { return e.reason != task.Failed && !e.confirmed }

// foldInto replaces list by one debt.
func (q *Queue) foldInto(now time.Time, at fold, scope task.Scope, list []*entry) {
	sum := entry{Debt: list[0].Debt}
	for _, e := range list {
		// Bits about one name (Writing, Left, ...) mean nothing for a group.
		sum.What |= e.What
		sum.Since = min(sum.Since, e.Since)
		sum.Seq = max(sum.Seq, e.Seq)
		sum.notBefore = max(sum.notBefore, e.notBefore)
		sum.doubt = max(sum.doubt, e.doubt)
		sum.pass, sum.full = sum.pass || e.pass, sum.full || e.full
		sum.why = e.why
		q.forget(e)
	}
	sum.Path, sum.Scope = at.dir, scope
	sum.What = sum.What&task.Content | task.Attr
	sum.Origin, sum.Class = task.Recovery, task.ClassBulk
	known := q.debts[scope][at.dir] != nil
	e := q.addLocked(now, &sum.Debt)
	q.unplace(e)
	if !known {
		e.reason, e.notBefore, e.why = at.reason, sum.notBefore, sum.why
	}
	e.doubt = max(e.doubt, sum.doubt)
	q.share(e, &sum)
	q.place(e)
}

func depthOf(path string) int {
	if path == "" {
		return 0
	}
	return strings.Count(path, "/") + 1
}

// cut returns the first depth components of path.
func cut(path string, depth int) string {
	end := 0
	for ; depth > 0; depth-- {
		i := strings.IndexByte(path[end:], '/')
		if i < 0 {
			return path
		}
		end += i + 1
	}
	return path[:max(end-1, 0)]
}
