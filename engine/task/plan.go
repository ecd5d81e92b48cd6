package task

// Kind is the form of a run: debts of one kind fit into one rsync command.
type Kind uint8

const (
	// KindContent: exact paths, compared by content (-I).
	KindContent Kind = iota
	// KindQuick: exact paths and one-level listings, compared by the quick check.
	KindQuick
	// KindTree: recursive, compared by the quick check.
	KindTree
	// KindLarge: files above the size limit, or one directory's own files, resumable and in the bulk
	// lane: one, compared by checksum (-c), where content is owed, else several by the quick check.
	KindLarge
)

// KindOf says which run a debt wants before anything was looked at.
func KindOf(d Debt) Kind {
	switch {
	case d.Scope == Subtree:
		return KindTree
	case d.What&Large != 0:
		return KindLarge
	case d.Scope == Entry && d.What&Content != 0:
		return KindContent
	}
	return KindQuick
}

// Claim is a part of the tree that a run writes on the target.
type Claim struct {
	Path  string // as in Debt.Path
	Scope Scope  // Entry: that name alone; Listing: and its entries; Subtree: and all below
}

// Item is one line of the list that rsync is given.
type Item struct {
	Path string // as in Debt.Path; "" is the root
	// Level asks for the directory's own entries, one level ("/dir/"); only for a directory. In a
	// KindContent it is short for them, and nothing else in the directory is deleted.
	Level bool
	// Missing: there is nothing at this path (any more), it is to be deleted on the target.
	Missing bool
	// Dir: it is a real directory.
	Dir bool
}

// Plan is what one run is going to do: what was on disk when the run was about to start.
type Plan struct {
	// RootFD is the descriptor of the directory that was looked at: the run reads from the same one
	// even if the source was pinned anew meanwhile, because the guard answered for that one.
	RootFD int
	Kind   Kind
	Items  []Item
	// Hide are entries of Levels that the run has nothing to do with.
	Hide []string
	// Claims is the footprint: two runs of a target never have overlapping ones. Implied parents
	// (whose attributes rsync also sends) are derived from it by the queue.
	Claims []Claim
	// Paid are the debts that a success of this run pays.
	Paid []Debt
	// Carried are content debts at or below a Subtree of this run: each is paid only if rsync
	// says that it transferred that very file.
	Carried []Debt
	// Back are debts that do not fit this run: they need other flags, are being written, or are
	// too large for one run and come back split.
	Back []Waiting
	// Drop counts debts that turned out to be about nothing: excluded, or covered by another.
	Drop int
	// Deletes is how many Items are Missing; MayDeleteBelow says that Missing names may have been
	// directories, so that more names than Deletes can go.
	Deletes        int
	MayDeleteBelow bool
	// Origin is the least permitting one of the debts in Paid.
	Origin Origin
	Class  Class
	// Quick, only with KindLarge: no content is owed, the quick check is enough.
	Quick bool
	// Whole, only with KindLarge: no part is kept of a file that does not arrive, because the target
	// had no room for all of it.
	Whole bool
	// MaxSize, if not 0, makes the run skip files larger than this (--max-size): they were found
	// below one of its directories and are in Back as debts of their own.
	MaxSize int64
	Files   int64 // looked at or estimated
	Bytes   int64 // estimated to be read here at most
}
