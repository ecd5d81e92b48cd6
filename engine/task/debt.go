package task

import "time"

// Scope says how far below its path a debt reaches.
type Scope uint8

const (
	// Entry is exactly the path: an update, a creation, or, where it is missing, a deletion.
	Entry Scope = iota
	// Listing is a directory and its own entries, not what is below those.
	Listing
	// Subtree is the path and everything below it.
	Subtree
)

// What says which kind of change made an Entry dirty. Bits are or-ed together.
type What uint8

const (
	// Content: bytes may differ although size and time do not, so the file is compared by content
	// and never by the quick check (a store through a mapping does not move mtime).
	Content What = 1 << iota
	// Attr: mode, owner, times, xattrs or the entry's existence: the quick check sees these.
	Attr
	// Writing: the last that was seen was a write without its close.
	Writing
	// Left: the name was seen leaving (deleted or moved away) since it was last paid.
	Left
	// WasDir: the name was, at some moment since it was last paid, a directory.
	WasDir
	// Large: it was looked at and is too much for a run with others: a file above the size limit,
	// or, with the scope Listing, a directory with more changed files than a run may have.
	Large
	// Stray: content was seen after the name had left, or on a name that was never there, so the
	// bytes belong to a file that has another name now.
	Stray
	// Came: a file appeared under the name (created, linked, moved here).
	Came
)

// Then returns what is known of a name after newer was seen on top of w. It is not commutative: a
// close ends a write, a file that came ends the absence of the one that left, and content that
// comes after the name has left is Stray.
func (w What) Then(newer What) What {
	sum := w | newer
	if newer&Content != 0 && newer&Writing == 0 {
		sum &^= Writing
	}
	switch {
	case newer&Came != 0:
		sum = sum&^(Left|Stray) | newer&Left
	case newer&Left != 0:
		sum = sum&^Stray | newer&Stray
	case newer&Content != 0 && w&Left != 0:
		sum |= Stray
	}
	return sum
}

// Origin says who found out; the delete mode of the target asks. A smaller Origin permits more,
// so merging keeps the minimum.
type Origin uint8

const (
	// Live: an event named exactly this.
	Live Origin = iota
	// Asked: a pass that a person or a schedule asked for (-r, sync, crontab, resync).
	Asked
	// Recovery: a loss, a collapse, a restart.
	Recovery
)

// Class is the lane: bulk never holds up live.
type Class uint8

const (
	ClassLive Class = iota
	ClassBulk
)

// Debt is something owed to a target.
type Debt struct {
	// Path is relative to the root: no leading or trailing slash, "" for the root itself, the
	// bytes of the names unchanged.
	Path   string
	Scope  Scope
	What   What
	Origin Origin
	Class  Class
	// Since is when the oldest event in it happened, wall clock, nanoseconds since the epoch.
	Since int64
	// Seq is the sequence of the newest event in it. A run pays a debt only up to the Seq that it
	// resolved: a change during the run is a new debt.
	Seq uint64
}

// Reason says why a debt is waiting.
type Reason uint8

const (
	// Ready: it is not waiting.
	Ready Reason = iota
	// Open: a writer has the file open.
	Open
	// Failed: rsync could not do it; shown as stuck.
	Failed
	// Held: its deletions exceed what the guard allows, until a person confirms.
	Held
	// Paused: its root or mount is missing.
	Paused
	// Doubtful: a killed run's receiver may finish late.
	Doubtful
)

//go:generate stringer -type=Reason,Scope,Origin,Class

// Waiting is a debt given back, with the reason and the earliest moment at which to try again.
type Waiting struct {
	Debt
	Reason    Reason
	NotBefore time.Time
	Why       string // for people: rsync's or the kernel's words
}
