package scan

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/sersync/sersync/kern/internal/sys"
)

// Lease is what a read lease tells about a file.
type Lease uint8

const (
	// Unknown: no lease can be had: the file is not ours and we lack CAP_LEASE, it is no regular
	// file (any more), or its filesystem has no leases.
	Unknown Lease = iota
	// Quiet: nobody could write to the file at that moment: no descriptor was open for writing, and
	// there was no writable shared mapping.
	Quiet
	// Written: somebody can.
	Written
)

// String names the answer for logs.
func (l Lease) String() string {
	names := [...]string{"unknown", "quiet", "being written"}
	if int(l) < len(names) {
		return names[l]
	}
	return "unknown"
}

// Leased asks for a read lease on the regular file at path and gives it back in the next system
// call (fcntl(2), F_SETLEASE). Only an answer of Quiet is a promise, and about that moment. The
// file is opened for reading, so an OPEN and a CLOSE_NOWRITE are seen by those who watch for them;
// a writer that opens it in between waits some microseconds, or gets EWOULDBLOCK with O_NONBLOCK.
//
// The error is a real one (EIO, ESTALE, EMFILE), an *fs.PathError; the answer is Unknown then.
func (l *Looker) Leased(path string) (Lease, error) {
	// Looked at first, because opening a device can have effects of its own.
	top, st, err := l.Look(path)
	switch {
	case err != nil:
		return Unknown, err
	case top != path || st.Kind != KindFile:
		return Unknown, nil
	}
	fd, err := l.open(path, sys.OpenRead)
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return Written, nil // somebody holds a write lease: a Samba or NFS server for its client
	case sys.Gone(err) || errors.Is(err, syscall.EXDEV) ||
		errors.Is(err, fs.ErrPermission):
		return Unknown, nil
	case err != nil:
		return Unknown, &fs.PathError{Op: "open for a lease", Path: path, Err: err}
	}
	defer sys.Close(fd)
	switch err := sys.ReadLease(fd); {
	case err == nil:
		return Quiet, nil
	case errors.Is(err, syscall.EAGAIN):
		return Written, nil
	case errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ESTALE):
		return Unknown, &fs.PathError{Op: "take a lease", Path: path, Err: err}
	}
	return Unknown, nil
}
