package kern

import "errors"

// ErrClosed is returned by a Source after Close.
var ErrClosed = errors.New("kern: source closed")

// Op says what may have become different about a name. Bits are or-ed together.
type Op uint16

const (
	// OpCreate: the name appeared (create, mkdir, link, symlink, moved here).
	OpCreate Op = 1 << iota
	// OpDelete: the name left (unlink, rmdir, moved away).
	OpDelete
	// OpMoved accompanies OpCreate or OpDelete where a rename caused it.
	OpMoved
	// OpModify: the content changed and a writer may still hold the file open.
	OpModify
	// OpClose: a writer closed the file.
	OpClose
	// OpAttrib: mode, owner, times, extended attributes or the link count changed.
	OpAttrib
	// OpIsDir: the name is (or was) a directory.
	OpIsDir
	// OpListing: some entry of Dir, unknown which, may have changed. Name is empty.
	OpListing
	// OpSubtree: everything at Dir/Name and below it is in doubt.
	OpSubtree
	// OpLoss: the kernel dropped events; everything under watch is in doubt since Event.Since.
	// Dir and Name are empty.
	OpLoss
	// OpUnmount: the filesystem under Dir was unmounted.
	OpUnmount
	// OpRootGone: the root directory of the tree itself was moved or deleted. Dir is the root.
	OpRootGone
)

// OpContent are the bits after which bytes of the file may differ.
const OpContent = OpModify | OpClose

// Event is one decoded record. Name points into the buffer and is valid only during emit.
type Event struct {
	Dir  DirID
	Name []byte
	Op   Op
	// Since is set on OpLoss: wall clock, nanoseconds since the epoch, of the start of the last
	// read that emptied the queue which overflowed. All that was lost happened after it.
	Since int64
}

// Buffer is what one Read filled: whole kernel records, undecoded.
type Buffer struct {
	Bytes []byte // records; len is what was read, cap is fixed by the owner
	Queue int    // which kernel queue of the Source
	Seq   uint32 // number of this read, see Source.Reads
	// Start is the wall clock, nanoseconds since the epoch, before the first read(2) into this
	// buffer. Every record in an Emptied buffer that follows was queued after it.
	Start   int64
	Emptied bool // the queue was seen empty (EAGAIN) after these records
}

// Source is a kernel's view of changes below some trees of one filesystem.
type Source interface {
	// Read fills b with whole records and blocks until there are some. The caller owns b; Read
	// resets every field but the capacity of Bytes (at least 64 KiB MUST be given). Once one
	// record is there it waits about a millisecond for more if there are few, so that a storm
	// costs hundreds of reads a second and not a hundred thousand. It returns ErrClosed after
	// Close. One caller at a time. It MUST NOT decode or allocate.
	Read(b *Buffer) error

	// Decode first takes what Enter has published into the table and then calls emit for each
	// record, in order. It MUST NOT make a call that can wait for a disk, nor keep b. It does not
	// allocate in the steady state. One caller at a time: the owner of the table.
	Decode(b *Buffer, emit func(Event))

	// Caps says what this Source can and can't see.
	Caps() Caps

	// Finish wakes Read, which from then on waits for nothing: it returns what the kernel has queued
	// by now, and then ErrClosed. It may be called by anyone.
	Finish()

	// Close wakes Read and releases every descriptor. It may be called once, by anyone.
	Close() error
}

// Caps is what a Source can see and what it costs. It is shown to people.
type Caps struct {
	Name string // "inotify"
	// PerDirectory: a watch is needed for each directory (memory, walk, limit).
	PerDirectory bool
	// Ordered: events come in the order in which they happened, so that the table may follow
	// renames; otherwise names must be asked of the kernel.
	Ordered bool
}
