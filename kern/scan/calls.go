package scan

import (
	"errors"
	"syscall"

	"github.com/sersync/sersync/kern/internal/sys"
)

// calls are the system calls that this kernel has, with what stands in for the missing ones.
type calls struct {
	openat2 bool
	statx   bool
}

// probeCalls asks the kernel once, on a directory that is open already.
func probeCalls(dirfd int, want calls) (calls, error) {
	if want.openat2 {
		fd, err := sys.Openat2(dirfd, []byte(".\x00"), sys.OpenPath, sys.ResolveBeneath)
		switch {
		case err == nil:
			sys.Close(fd)
		case sys.Refused(err):
			want.openat2 = false
		default:
			return want, err
		}
	}
	if want.statx {
		var st sys.Statx
		err := sys.StatxFD(dirfd, sys.StatMask, &st)
		switch {
		case sys.Refused(err):
			want.statx = false
		case err != nil:
			return want, err
		}
	}
	return want, nil
}

// stat looks at a NUL-terminated name, not following it; "\x00" is dirfd itself.
func (c calls) stat(dirfd int, name []byte, mask int, st *sys.Statx) error {
	if c.statx {
		return sys.StatxAt(dirfd, name, mask, st)
	}
	return sys.FstatAt(dirfd, name, st)
}

// statPath looks at what a path from the working directory leads to, following symlinks.
func (c calls) statPath(path string, mask int, st *sys.Statx) error {
	if c.statx {
		return sys.StatxPath(path, mask, st)
	}
	return sys.FstatPath(path, st)
}

// look fills st with what name is; a mount that is not to be crossed is KindMount. Nothing there is
// KindMissing and no error.
func (c calls) look(dirfd int, name []byte, m crossing, raw *sys.Statx, st *Stat) error {
	err := c.stat(dirfd, name, sys.StatMask, raw)
	switch {
	case errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENAMETOOLONG):
		*st = Stat{} // a name that is too long for the filesystem is on no disk
		return nil
	case err != nil:
		return err
	}
	st.fill(raw)
	if m.allowed {
		return nil
	}
	if raw.Attributes_mask&sys.AttrMountRoot != 0 {
		if raw.Attributes&sys.AttrMountRoot != 0 {
			st.Kind = KindMount
		}
		return nil
	}
	id, err := sys.MountIDAt(dirfd, name)
	switch {
	case errors.Is(err, syscall.ENOENT): // it left between the two calls
		*st = Stat{}
	case err != nil:
		return err
	case id != m.mount:
		st.Kind = KindMount
	}
	return nil
}

// openChild opens one name, a directory if flags ask for one. It returns EXDEV for a mount that is
// not to be crossed.
func (c calls) openChild(dirfd int, name []byte, flags int, m crossing) (int, error) {
	if m.allowed {
		return sys.Openat(dirfd, name, flags)
	}
	if c.openat2 {
		// The name has one component and O_NOFOLLOW: NO_XDEV is all that is left to ask for, and
		// RESOLVE_BENEATH would take the kernel's global mount_lock.
		return sys.Openat2(dirfd, name, flags, sys.ResolveNoXDev)
	}
	fd, err := sys.Openat(dirfd, name, flags)
	if err != nil {
		return -1, err
	}
	id, err := sys.MountIDAt(fd, []byte{0})
	if err == nil && id != m.mount {
		err = syscall.EXDEV
	}
	if err != nil {
		sys.Close(fd)
		return -1, err
	}
	return fd, nil
}

// crossing says whether mounts may be crossed and, if not, which one is not to be left.
type crossing struct {
	allowed bool
	mount   uint64
}
