package scan

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
)

// ErrStop, returned by a callback, ends a walk early without an error.
var ErrStop = errors.New("scan: stop")

// ErrMoved is given to Fail for a directory that a rename took away while the walk had let go of
// its descriptor (see WalkOptions.MaxOpen): it was not entered.
var ErrMoved = errors.New("directory was moved while it was walked")

// Dir is a directory that a walk has just opened and not yet read. It and its slices are used
// again when Enter returns.
type Dir struct {
	FD     int    // open for reading; the walk closes it
	Parent uint64 // the key that Enter gave for the directory above
	Stamp  uint32 // what WalkOptions.Stamp said before it was opened
	Name   []byte // last component; empty for the root
	Path   []byte // relative to the root; empty for the root
}

// WalkOptions say what a walk does. The callbacks are called from several goroutines at once.
type WalkOptions struct {
	// Workers bounds the directories that are read at once; 0 is four for each CPU that Go may use,
	// at most 32: on a cold disk most of them wait. Small trees are walked by the caller alone.
	Workers int
	// MaxOpen bounds the descriptors of directories that were read but have children which were not
	// opened yet; 0 is 256. Beyond it the ones needed last are let go, and found again when their
	// turn comes. Each worker keeps four at least; those being read at the moment come on top.
	MaxOpen int
	// CrossMounts enters what is mounted below.
	CrossMounts bool
	// Skip says that a name is excluded: it is no Entry, and if it is a directory, not entered. It
	// is not asked for the directory that the walk starts from. Nil: nothing is.
	Skip func(path []byte, isDir bool) bool
	// Stat looks at each entry. Without it only the Kind of an Entry's Stat is set, and a mount
	// point among the entries looks like the directory that it covers.
	Stat bool
	// Stamp is called before each directory is opened; its answer is handed to Enter.
	Stamp func() uint32
	// Enter is called once for each directory after it was opened and before it is read. Its key is
	// the Parent of the directories below and the dirKey of the entries; without descend it is not
	// read. ErrStop ends the walk without an error, any other error with it.
	Enter func(d *Dir) (key uint64, descend bool, err error)
	// Entry is called for each entry of a directory that is not skipped, directories included.
	Entry func(dirKey uint64, path, name []byte, st *Stat)
	// Fail is told of a directory that could not be opened or read to its end, and of an entry that
	// could not be looked at (EACCES, EIO); the walk goes on. What vanished or became something
	// else meanwhile is no failure. Nil: the first failure ends the walk, as its error.
	Fail func(path []byte, err error)
}

// withDefaults returns o with its zero values replaced.
func (o WalkOptions) withDefaults() WalkOptions {
	if o.Workers <= 0 {
		// Walking is CPU-bound with warm caches, where Go runs no more than GOMAXPROCS of them
		// anyway, and waits for the disk with cold ones.
		o.Workers = min(4*runtime.GOMAXPROCS(0), 32)
	}
	if o.MaxOpen <= 0 {
		o.MaxOpen = 256
	}
	return o
}

// Walk enters from ("" is the root) and every directory below it, in no particular order, but a
// directory always before what is in it. parentKey is the Parent of from. If there is no directory
// at from (any more), or only one behind a symlink or on another mount, it does nothing.
//
// Memory does not grow with the number of entries of a directory or, beyond the names of the
// directories above, with depth; descriptors are bounded by MaxOpen.
func (r *Root) Walk(ctx context.Context, from string, parentKey uint64, o WalkOptions) error {
	if !validPath(from) {
		return &fs.PathError{Op: "walk", Path: from, Err: fs.ErrInvalid}
	}
	return newWalk(r, from, o.withDefaults()).run(ctx, from, parentKey)
}
