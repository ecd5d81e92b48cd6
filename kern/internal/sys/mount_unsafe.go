//go:build linux

package sys

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BtrfsMagic is the type of btrfs (statfs(2)), which numbers devices in a way of its own.
const BtrfsMagic = unix.BTRFS_SUPER_MAGIC

// Statfs returns the type and the id (f_fsid) of the filesystem that fd, an O_PATH one included,
// is on.
func Statfs(fd int) (fstype int64, fsid uint64, err error) {
	var st unix.Statfs_t
	err = ignoringEINTR(func() error { return unix.Fstatfs(fd, &st) })
	if err != nil {
		return 0, 0, err
	}
	return int64(st.Type), uint64(uint32(st.Fsid.Val[0])) | uint64(uint32(st.Fsid.Val[1]))<<32, nil
}

// fsUUID is struct fsuuid2 of linux/fs.h.
type fsUUID struct {
	length uint8
	uuid   [16]byte
}

// fsIocGetFSUUID is FS_IOC_GETFSUUID, _IOR(0x15, 0, struct fsuuid2). The bits that say _IOR are
// taken from another ioctl that reads, because they differ between architectures.
const fsIocGetFSUUID = unix.BLKGETSIZE64&^(1<<29-1) | unsafe.Sizeof(fsUUID{})<<16 | 0x15<<8

// btrfsFSInfo is struct btrfs_ioctl_fs_info_args of linux/btrfs.h, as far as it is of use.
type btrfsFSInfo struct {
	maxID, devices uint64
	fsid           [16]byte
	_              [1024 - 32]byte
}

// btrfsIocFSInfo is BTRFS_IOC_FS_INFO, _IOR(0x94, 31, struct btrfs_ioctl_fs_info_args).
const btrfsIocFSInfo = unix.BLKGETSIZE64&^(1<<29-1) | unsafe.Sizeof(btrfsFSInfo{})<<16 | 0x94<<8 | 31

// UUID returns the UUID of the filesystem that fd is on; fd must be open for reading. Linux 6.9
// has it for ext4, xfs and others, btrfs has always had a call of its own; ENOTTY where it is not
// known, or is all zeros.
func UUID(fd int) (string, error) {
	var u fsUUID
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), fsIocGetFSUUID,
		uintptr(unsafe.Pointer(&u)))
	if errno == unix.ENOTTY {
		var info btrfsFSInfo
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, uintptr(fd), btrfsIocFSInfo,
			uintptr(unsafe.Pointer(&info)))
		u = fsUUID{length: 16, uuid: info.fsid}
	}
	switch {
	case errno != 0:
		return "", errno
	case u.length != 16 || u.uuid == [16]byte{}:
		return "", unix.ENOTTY
	}
	b := u.uuid
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// BlockDevice returns the number of the block device that the special file at path stands for.
func BlockDevice(path string) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return 0, unix.ENOTBLK
	}
	return uint64(st.Rdev), nil
}

// MountIDAt returns the id of the mount that name, not followed, is on; an empty name ("\x00")
// means dirfd itself. It is for kernels whose statx does not know it (before 5.8).
func MountIDAt(dirfd int, name []byte) (uint64, error) {
	p, err := cname(name)
	if err != nil {
		return 0, err
	}
	flags := 0
	if name[0] == 0 {
		flags = unix.AT_EMPTY_PATH
	}
	// A handle of zero bytes never fits, and with EOVERFLOW the kernel still tells the mount id
	// (open_by_handle_at(2)).
	var handle struct {
		bytes uint32
		kind  int32
	}
	id := int32(-1)
	_, _, errno := unix.Syscall6(unix.SYS_NAME_TO_HANDLE_AT, uintptr(dirfd),
		uintptr(unsafe.Pointer(p)), uintptr(unsafe.Pointer(&handle)),
		uintptr(unsafe.Pointer(&id)), uintptr(flags), 0)
	switch {
	case errno == unix.EOVERFLOW && id >= 0:
		return uint64(id), nil
	case errno == unix.EOPNOTSUPP || errno == unix.ENOSYS || errno == unix.EPERM:
		// Filesystems without handles (sysfs, some FUSE ones), or a seccomp filter.
		return mountIDByProc(dirfd, name)
	case errno == 0:
		return 0, unix.EPROTO
	}
	return 0, errno
}

// mountIDByProc reads the mount id from /proc/self/fdinfo, which every kernel since 3.15 has.
func mountIDByProc(dirfd int, name []byte) (uint64, error) {
	fd := dirfd
	if name[0] != 0 {
		var err error
		if fd, err = Openat(dirfd, name, OpenPathAny); err != nil {
			return 0, err
		}
		defer Close(fd)
	}
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return 0, err
	}
	return ParseFDInfoMountID(info)
}

// ParseFDInfoMountID finds the mnt_id line of /proc/PID/fdinfo/N (proc(5)).
func ParseFDInfoMountID(info []byte) (uint64, error) {
	for line := range bytes.Lines(info) {
		if v, ok := bytes.CutPrefix(line, []byte("mnt_id:")); ok {
			return strconv.ParseUint(string(bytes.TrimSpace(v)), 10, 64)
		}
	}
	return 0, unix.ENODATA
}
