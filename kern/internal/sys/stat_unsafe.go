//go:build linux

package sys

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Statx is the kernel's struct statx.
type Statx = unix.Statx_t

// AtFDCWD makes a relative path start at the working directory.
const AtFDCWD = unix.AT_FDCWD

// StatMask asks for what a mirror needs and no more. CTIME and MTIME also arm the multigrain
// stamps of Linux 6.13: the next change gets a stamp of its own.
const StatMask = unix.STATX_TYPE | unix.STATX_MODE | unix.STATX_INO | unix.STATX_SIZE |
	unix.STATX_CTIME | unix.STATX_MTIME | unix.STATX_NLINK

// Bits of Statx.Mask and Statx.Attributes that say whether, and which, mount it is about.
const (
	StatMountID   = unix.STATX_MNT_ID          // Linux 5.8
	AttrMountRoot = unix.STATX_ATTR_MOUNT_ROOT // Linux 5.8
)

// File types in Statx.Mode.
const (
	ModeType    = unix.S_IFMT
	ModeRegular = unix.S_IFREG
	ModeDir     = unix.S_IFDIR
	ModeSymlink = unix.S_IFLNK
)

// StatxAt is statx(2) of a NUL-terminated name, not following a symlink at its end and not
// triggering an automount. An empty name ("\x00") means dirfd itself. It synchronises with a
// server as stat(2) would: rsync will look with stat(2) a moment later and must see the same.
func StatxAt(dirfd int, name []byte, mask int, st *Statx) error {
	p, err := cname(name)
	if err != nil {
		return err
	}
	flags := unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT
	if name[0] == 0 {
		flags |= unix.AT_EMPTY_PATH
	}
	for {
		_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(dirfd), uintptr(unsafe.Pointer(p)),
			uintptr(flags), uintptr(mask), uintptr(unsafe.Pointer(st)), 0)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}

// StatxFD is statx(2) of a descriptor, O_PATH ones included.
func StatxFD(fd int, mask int, st *Statx) error {
	return StatxAt(fd, []byte{0}, mask, st)
}

// StatxPath is statx(2) of a path from the working directory; symlinks are followed.
func StatxPath(path string, mask int, st *Statx) error {
	for {
		err := unix.Statx(unix.AT_FDCWD, path, 0, mask, st)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// FstatAt does what StatxAt does where the kernel has no statx (before 4.11). It knows neither
// mount ids nor attributes, and it allocates.
func FstatAt(dirfd int, name []byte, st *Statx) error {
	if _, err := cname(name); err != nil {
		return err
	}
	var old unix.Stat_t
	var err error
	if name[0] == 0 {
		err = ignoringEINTR(func() error { return unix.Fstat(dirfd, &old) })
	} else {
		err = ignoringEINTR(func() error {
			return unix.Fstatat(dirfd, string(name[:len(name)-1]), &old, unix.AT_SYMLINK_NOFOLLOW)
		})
	}
	if err != nil {
		return err
	}
	fillStatx(st, &old)
	return nil
}

// FstatPath does what StatxPath does where the kernel has no statx.
func FstatPath(path string, st *Statx) error {
	var old unix.Stat_t
	if err := ignoringEINTR(func() error { return unix.Stat(path, &old) }); err != nil {
		return err
	}
	fillStatx(st, &old)
	return nil
}

func fillStatx(st *Statx, old *unix.Stat_t) {
	*st = Statx{
		Mask:      StatMask,
		Nlink:     uint32(old.Nlink),
		Mode:      uint16(old.Mode),
		Ino:       old.Ino,
		Size:      uint64(old.Size),
		Ctime:     unix.StatxTimestamp{Sec: int64(old.Ctim.Sec), Nsec: uint32(old.Ctim.Nsec)},
		Mtime:     unix.StatxTimestamp{Sec: int64(old.Mtim.Sec), Nsec: uint32(old.Mtim.Nsec)},
		Dev_major: unix.Major(uint64(old.Dev)),
		Dev_minor: unix.Minor(uint64(old.Dev)),
	}
}

// Dev is the device number in st, as stat(2) would say it.
func Dev(st *Statx) uint64 { return unix.Mkdev(st.Dev_major, st.Dev_minor) }

// Makedev joins the two halves of a device number.
func Makedev(major, minor uint32) uint64 { return unix.Mkdev(major, minor) }

// ignoringEINTR repeats f until a signal no longer interrupts it.
func ignoringEINTR(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
