//go:build linux

package sys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Getdents fills buf with the next entries of the directory fd. It returns 0 at the end.
func Getdents(fd int, buf []byte) (int, error) {
	if len(buf) == 0 {
		return 0, unix.EINVAL
	}
	for {
		n, _, errno := unix.Syscall(unix.SYS_GETDENTS64, uintptr(fd),
			uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// Values of Dirent.Type, as in readdir(3).
const (
	TypeUnknown = unix.DT_UNKNOWN
	TypeRegular = unix.DT_REG
	TypeDir     = unix.DT_DIR
	TypeSymlink = unix.DT_LNK
)

// Dirent is one entry. Name lies in the buffer that Getdents filled, without its NUL; NameNUL
// has it, as the calls of this package want it.
type Dirent struct {
	Ino     uint64
	Type    uint8
	Name    []byte
	NameNUL []byte
}

// ErrDirent says that what a filesystem delivered is not a list of struct linux_dirent64.
var ErrDirent = errors.New("malformed directory entry")

// struct linux_dirent64 { u64 ino; s64 off; u16 reclen; u8 type; char name[]; }, getdents(2).
const (
	direntReclen = 16
	direntType   = 18
	direntName   = 19
)

// NextDirent decodes the first entry of buf into d and returns what follows it.
func NextDirent(buf []byte, d *Dirent) (rest []byte, err error) {
	if len(buf) < direntName {
		return nil, ErrDirent
	}
	reclen := int(binary.NativeEndian.Uint16(buf[direntReclen:]))
	if reclen <= direntName || reclen > len(buf) {
		return nil, ErrDirent
	}
	name := buf[direntName:reclen]
	end := bytes.IndexByte(name, 0)
	if end < 1 {
		return nil, ErrDirent
	}
	d.Ino = binary.NativeEndian.Uint64(buf)
	d.Type = buf[direntType]
	d.Name, d.NameNUL = name[:end:end], name[:end+1:end+1]
	return buf[reclen:], nil
}
