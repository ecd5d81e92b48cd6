//go:build linux

package sys

import "golang.org/x/sys/unix"

// Error numbers that callers tell apart, for errors.Is.
const (
	ErrAgain         = unix.EAGAIN
	ErrInvalid       = unix.EINVAL
	ErrNoSpace       = unix.ENOSPC
	ErrAccess        = unix.EACCES
	ErrNotPermitted  = unix.EPERM
	ErrFilesProcess  = unix.EMFILE
	ErrNoSuchFile    = unix.ENOENT
	ErrNoMemory      = unix.ENOMEM
	ErrNotADirectory = unix.ENOTDIR
)

// Read is read(2), tried again when a signal interrupts it.
func Read(fd int, p []byte) (int, error) {
	for {
		n, err := unix.Read(fd, p)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// Write is write(2) of something that the kernel takes whole.
func Write(fd int, p []byte) error {
	for {
		_, err := unix.Write(fd, p)
		if err != unix.EINTR {
			return err
		}
	}
}
