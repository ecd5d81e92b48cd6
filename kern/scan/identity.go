package scan

import (
	"os"
	"strings"

	"github.com/sersync/sersync/kern/internal/sys"
)

// Identity says which directory this is: while the machine runs by Dev and Ino, across reboots by
// UUID and Ino, and where no UUID is known by FSType and Ino.
type Identity struct {
	Dev uint64 // st_dev
	Ino uint64
	// MountID is the id of the mount it was reached through (mountinfo, proc(5)). It may be given
	// to another mount once this one is gone; while a Root pins it, it is not.
	MountID uint64
	FSType  int64 // f_type of statfs(2)
	// UUID is the filesystem's, in lower-case hexadecimal; on btrfs with the id of the subvolume
	// appended, because every subvolume's root has the same inode number. tmpfs has a new one at
	// each mount. "" where it is not known.
	UUID string
}

// identify finds out who fd, which may be an O_PATH one, is.
func (c calls) identify(fd int) (Identity, uint32, error) {
	var raw sys.Statx
	if err := c.stat(fd, []byte{0}, sys.StatMask|sys.StatMountID, &raw); err != nil {
		return Identity{}, 0, err
	}
	id := Identity{Dev: sys.Dev(&raw), Ino: raw.Ino, MountID: raw.Mnt_id}
	if raw.Mask&sys.StatMountID == 0 {
		mount, err := sys.MountIDAt(fd, []byte{0})
		if err != nil {
			return Identity{}, 0, err
		}
		id.MountID = mount
	}
	fstype, fsid, err := sys.Statfs(fd)
	if err != nil {
		return Identity{}, 0, err
	}
	id.FSType = fstype
	if raw.Mode&sys.ModeType == sys.ModeDir {
		id.UUID = filesystemUUID(fd, id.Dev)
	}
	if id.UUID != "" && fstype == sys.BtrfsMagic {
		// f_fsid is a hash of the UUID and the subvolume's number, so it outlives a reboot.
		id.UUID += "/" + hex64(fsid)
	}
	return id, raw.Nlink, nil
}

// filesystemUUID asks the kernel (6.9 and later) and then udev's links. It is best effort.
func filesystemUUID(dirfd int, dev uint64) string {
	// The ioctl wants a descriptor open for reading, the pinned one is not.
	if fd, err := sys.Openat(dirfd, []byte(".\x00"), sys.OpenDir); err == nil {
		uuid, err := sys.UUID(fd)
		sys.Close(fd)
		if err == nil {
			return uuid
		}
	}
	return uuidByLinks("/dev/disk/by-uuid", dev)
}

// uuidByLinks finds the link in dir, named by a UUID, that leads to the block device dev.
func uuidByLinks(dir string, dev uint64) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if n, err := sys.BlockDevice(dir + "/" + e.Name()); err == nil && n == dev {
			return strings.ToLower(e.Name())
		}
	}
	return ""
}

func hex64(v uint64) string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[i] = digits[v>>(60-4*i)&15]
	}
	return string(b[:])
}
