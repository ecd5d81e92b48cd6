//go:build linux

package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Bits of an inotify mask (inotify(7)).
const (
	InAttrib     = unix.IN_ATTRIB
	InCloseWrite = unix.IN_CLOSE_WRITE
	InCreate     = unix.IN_CREATE
	InDelete     = unix.IN_DELETE
	InDeleteSelf = unix.IN_DELETE_SELF
	InIgnored    = unix.IN_IGNORED
	InIsDir      = unix.IN_ISDIR
	InModify     = unix.IN_MODIFY
	InMovedFrom  = unix.IN_MOVED_FROM
	InMovedTo    = unix.IN_MOVED_TO
	InMoveSelf   = unix.IN_MOVE_SELF
	InOnlyDir    = unix.IN_ONLYDIR
	InOverflow   = unix.IN_Q_OVERFLOW
	InUnmount    = unix.IN_UNMOUNT
)

// InotifyHeader is the length of struct inotify_event without its name, and InotifyRecordMax the
// length of the longest record: NAME_MAX and its NUL, padded.
const (
	InotifyHeader    = unix.SizeofInotifyEvent
	InotifyRecordMax = InotifyHeader + 256
)

// InotifyInit makes an instance, close-on-exec and non-blocking. EMFILE means that the user has
// fs.inotify.max_user_instances of them, or the process too many descriptors.
func InotifyInit() (int, error) {
	return unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
}

// InotifyAddWatchFD watches the open directory dirfd, through its name in /proc, so that neither a
// rename nor a symlink on the way to it can lead elsewhere. It does not allocate.
func InotifyAddWatchFD(fd, dirfd int, mask uint32) (wd int32, err error) {
	var path [len(procFD) + 21]byte
	fdPath(&path, dirfd)
	for {
		n, _, errno := unix.Syscall(unix.SYS_INOTIFY_ADD_WATCH, uintptr(fd),
			uintptr(unsafe.Pointer(&path[0])), uintptr(mask))
		switch errno {
		case 0:
			return int32(n), nil
		case unix.EINTR:
		default:
			return -1, errno
		}
	}
}

const procFD = "/proc/self/fd/"

// fdPath writes the NUL-terminated name of a descriptor; path is zero.
func fdPath(path *[len(procFD) + 21]byte, fd int) {
	at := copy(path[:], procFD)
	digits := 1
	for n := fd; n >= 10; n /= 10 {
		digits++
	}
	for i := at + digits - 1; i >= at; i-- {
		path[i] = byte('0' + fd%10)
		fd /= 10
	}
}

// InotifyRmWatch removes a watch; IN_IGNORED follows. EINVAL: there is none (any more).
func InotifyRmWatch(fd int, wd int32) error {
	_, err := unix.InotifyRmWatch(fd, uint32(wd))
	return err
}
