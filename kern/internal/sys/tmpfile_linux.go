//go:build linux

package sys

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// OpenTmpfile makes a file without a name in dir (O_TMPFILE, Linux 3.11).
func OpenTmpfile(dir string) (int, error) {
	return unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o644)
}

// LinkFD gives the open file fd a name.
func LinkFD(fd int, path string) error {
	name := procFD + strconv.Itoa(fd)
	return unix.Linkat(unix.AT_FDCWD, name, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
}

// Exchange swaps two names (renameat2(2) RENAME_EXCHANGE, Linux 3.15).
func Exchange(a, b string) error {
	return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
}
