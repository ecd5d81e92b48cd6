package deliver

import (
	"slices"
	"strings"

	"github.com/sersync/sersync/engine/task"
)

// Batch is what one worker has taken from a queue: first debts, then, once a plan is admitted, a
// run. It ends with Settle.
type Batch struct {
	Kind  task.Kind
	Class task.Class
	// Debts are sorted by path.
	Debts []task.Debt
	// Confirmed: a person let the deletions of all of them go.
	Confirmed bool

	taken []*entry // as in Debts until a plan is admitted; then those that share the run's fate
	plan  *task.Plan
	print *footprint
	// gen orders the batch with what was added to the queue before and after it.
	gen uint64
	// parked wait for the end of this run.
	parked bag
	// owed are directories whose attributes this run may set back to what a younger one has
	// replaced.
	owed map[string]struct{}
}

// sorted orders what was taken by path, and makes Debts of it.
func (b *Batch) sorted() {
	sortEntries(b.taken)
	b.Debts = make([]task.Debt, len(b.taken))
	for i, e := range b.taken {
		b.Debts[i] = e.Debt
	}
	b.print = ofDebts(b.Debts)
}

func sortEntries(list []*entry) {
	slices.SortFunc(list, func(a, b *entry) int { return compare(a.key(), b.key()) })
}

func compare(a, b key) int {
	if c := strings.Compare(a.path, b.path); c != 0 {
		return c
	}
	return int(a.scope) - int(b.scope)
}

// find returns the entry taken for (path, scope), or nil; only before taken is reduced.
func (b *Batch) find(k key) *entry {
	i, ok := slices.BinarySearchFunc(b.taken, k, func(e *entry, k key) int {
		return compare(e.key(), k)
	})
	if !ok {
		return nil
	}
	return b.taken[i]
}

// source returns the entry that d, which a plan gives back, is a part of; nil if none is found.
func (b *Batch) source(d *task.Debt) *entry {
	for dir, ok := d.Path, true; ok; dir, ok = parentOf(dir) {
		for _, scope := range []task.Scope{task.Subtree, task.Listing, task.Entry} {
			if e := b.find(key{dir, scope}); e != nil {
				return e
			}
		}
	}
	return nil
}
