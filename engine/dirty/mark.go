package dirty

import (
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern"
)

// Mark is what is known of one dirty name. Bits are or-ed together. The low byte is a task.What;
// the others are the scopes, of which a name may have several at once: a content change below a
// Subtree must not be forgotten, since a subtree is compared by the quick check only.
type Mark uint16

const (
	// Entry: the name itself is dirty; the low byte says how.
	Entry Mark = 0x100 << iota
	// Listing: the directory's own entries are in doubt.
	Listing
	// Subtree: everything at the name and below it is in doubt.
	Subtree
	// Walking, with Subtree: a walk of it is under way, and a Subtree without Walking follows at its
	// end. Most walks take a millisecond: waiting for the end saves a run.
	Walking
)

// then returns what is known after newer was seen.
func (m Mark) then(newer Mark) Mark {
	scopes := (m | newer) &^ 0xff
	if newer&(Subtree|Walking) == Subtree {
		scopes &^= Walking
	}
	return scopes | Mark(m.What().Then(newer.What()))
}

// leaves reports that a name went and nothing else is known of it.
func (m Mark) leaves() bool {
	const other = task.Content | task.Came | task.Stray
	return m&(Listing|Subtree) == 0 && m.What()&task.Left != 0 && m.What()&other == 0
}

// What returns the part of the mark that says how an Entry is dirty.
func (m Mark) What() task.What { return task.What(m) }

// Changed is one dirty name of a Batch.
type Changed struct {
	Dir kern.DirID
	// Name is empty for the directory Dir itself. It points into the Batch.
	Name []byte
	Mark Mark
	// Since and Seq are of the oldest and of the newest event in it.
	Since int64
	Seq   uint64
}

// Batch is what one Take handed out. It is reused by passing it to Take again, which makes every
// Name that it held invalid.
type Batch struct {
	entries []entry
	names   []byte
}

// Len returns the number of names in the batch.
func (b *Batch) Len() int { return len(b.entries) }

// At returns the i-th name, in the order in which the names became dirty.
func (b *Batch) At(i int) Changed {
	e := &b.entries[i]
	return Changed{
		Dir: e.dir, Name: b.names[e.off : e.off+uint32(e.length)],
		Mark: e.mark, Since: e.since, Seq: e.seq,
	}
}
