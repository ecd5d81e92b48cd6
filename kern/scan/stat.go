package scan

import (
	"time"

	"github.com/sersync/sersync/kern/internal/sys"
)

// Kind is what a name is.
type Kind uint8

const (
	// KindMissing: nothing has this name.
	KindMissing Kind = iota
	// KindFile is a regular file.
	KindFile
	// KindDir is a real directory.
	KindDir
	// KindSymlink is a symlink, wherever it leads.
	KindSymlink
	// KindOther is a fifo, socket or device.
	KindOther
	// KindMount is anything that another filesystem, or another part of this one, is mounted on,
	// where mounts are not crossed.
	KindMount
)

// String names the kind for logs.
func (k Kind) String() string {
	names := [...]string{"missing", "file", "directory", "symlink", "special file", "mount point"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown kind"
}

// Stat is what is known of a name. Times are nanoseconds since the epoch, Size is bytes.
type Stat struct {
	Kind  Kind
	Mode  uint32 // type and permission bits, as st_mode
	Nlink uint32
	Size  int64
	Ino   uint64
	Dev   uint64
	Mtime int64
	Ctime int64
}

// fill takes over what the kernel said. The mount check is the caller's.
func (s *Stat) fill(raw *sys.Statx) {
	*s = Stat{
		Kind:  kindOfMode(raw.Mode),
		Mode:  uint32(raw.Mode),
		Nlink: raw.Nlink,
		Size:  int64(raw.Size),
		Ino:   raw.Ino,
		Dev:   sys.Dev(raw),
		Mtime: raw.Mtime.Sec*int64(time.Second) + int64(raw.Mtime.Nsec),
		Ctime: raw.Ctime.Sec*int64(time.Second) + int64(raw.Ctime.Nsec),
	}
}

// isDir reports a directory, one that is a mount point included.
func (s *Stat) isDir() bool {
	return s.Kind == KindDir || s.Kind == KindMount && s.Mode&sys.ModeType == sys.ModeDir
}

func kindOfMode(mode uint16) Kind {
	switch mode & sys.ModeType {
	case sys.ModeRegular:
		return KindFile
	case sys.ModeDir:
		return KindDir
	case sys.ModeSymlink:
		return KindSymlink
	}
	return KindOther
}

// kindOfType is kindOfMode for d_type; ok is false where the filesystem does not tell.
func kindOfType(t uint8) (k Kind, ok bool) {
	switch t {
	case sys.TypeUnknown:
		return KindMissing, false
	case sys.TypeRegular:
		return KindFile, true
	case sys.TypeDir:
		return KindDir, true
	case sys.TypeSymlink:
		return KindSymlink, true
	}
	return KindOther, true
}
