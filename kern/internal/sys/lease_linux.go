package sys

import "golang.org/x/sys/unix"

// ReadLease takes a read lease on fd and gives it back at once (fcntl(2), F_SETLEASE). A nil error
// says that nobody can write to the file: no descriptor is open for writing and no writable shared
// mapping exists. EAGAIN: somebody can. EACCES: we neither own the file nor have CAP_LEASE.
// EINVAL: not a regular file, or the filesystem has no leases.
//
// While it is held an open for writing waits, or gets EWOULDBLOCK with O_NONBLOCK; so the calls
// are adjacent and raw: the Go scheduler is given no occasion between them.
func ReadLease(fd int) error {
	_, _, errno := unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
	if errno != 0 {
		return errno
	}
	_, _, errno = unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
	if errno != 0 && errno != unix.EAGAIN { // EAGAIN: a breaker came between and took it away
		return errno
	}
	return nil
}
