//go:build linux

package sys

import (
	"errors"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Names are handed to the kernel as they lie in a buffer: a []byte whose last byte is the NUL.
// That saves a copy and an allocation per call; a slice without the NUL is refused with EINVAL.

// Flags for the opens below. Every descriptor is close-on-exec from birth.
const (
	// OpenPath pins a directory without the right to read it and without touching its filesystem.
	OpenPath = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	// OpenPathAny pins whatever the name is, a symlink itself included.
	OpenPathAny = unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC
	// OpenDir opens a directory for reading its entries.
	OpenDir = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	// OpenRead opens a regular file without waiting for anybody: not for a fifo's writer, not for
	// the holder of a lease (then EAGAIN).
	OpenRead = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_NOCTTY
)

// Resolve flags of openat2(2), Linux 5.6.
const (
	ResolveNoXDev  = unix.RESOLVE_NO_XDEV
	ResolveBeneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS
)

// OpenRoot pins the directory at path, following symlinks on the way and at its end.
func OpenRoot(path string) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}

// Openat is openat(2) of a NUL-terminated name.
func Openat(dirfd int, name []byte, flags int) (int, error) {
	p, err := cname(name)
	if err != nil {
		return -1, err
	}
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dirfd), uintptr(unsafe.Pointer(p)),
			uintptr(flags|unix.O_LARGEFILE), 0, 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return -1, errno
		}
	}
}

// Openat2 is openat2(2) of a NUL-terminated path, relative to dirfd.
func Openat2(dirfd int, path []byte, flags int, resolve uint64) (int, error) {
	p, err := cname(path)
	if err != nil {
		return -1, err
	}
	how := unix.OpenHow{Flags: uint64(flags | unix.O_LARGEFILE), Resolve: resolve}
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT2, uintptr(dirfd), uintptr(unsafe.Pointer(p)),
			uintptr(unsafe.Pointer(&how)), unix.SizeofOpenHow, 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return -1, errno
		}
	}
}

// Close closes a descriptor. It is not retried after EINTR: Linux has released it by then.
func Close(fd int) error { return unix.Close(fd) }

// Dup duplicates a descriptor, close-on-exec.
func Dup(fd int) (int, error) {
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
}

// cname returns the address of a NUL-terminated name.
func cname(name []byte) (*byte, error) {
	if len(name) == 0 || name[len(name)-1] != 0 {
		return nil, unix.EINVAL
	}
	return &name[0], nil
}

// Gone reports that a name does not lead to a directory entry of the kind asked for: there is
// nothing, or something on the way is no directory, or is a symlink. ESTALE is not among them: on
// a network filesystem it says that the server can't tell, and that must not look like a deletion.
func Gone(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) ||
		errors.Is(err, syscall.ELOOP)
}

// Refused reports that a system call is not there: not in this kernel, or not through a seccomp
// filter that answers EPERM for calls it does not know.
func Refused(err error) bool {
	return errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EPERM)
}
