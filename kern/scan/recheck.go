package scan

import (
	"io/fs"

	"github.com/sersync/sersync/kern/internal/sys"
)

// RootState is what the path of a Root leads to now, compared to what is pinned.
type RootState uint8

const (
	// RootSame: to the pinned directory.
	RootSame RootState = iota
	// RootReplaced: to another directory of the same filesystem (a symlink on the way was switched,
	// the directory was created anew), or to the same one through another mount: what is mounted
	// below it is then not seen through the pinned one.
	RootReplaced
	// RootMissing: to nothing, or to something that is no directory.
	RootMissing
	// RootOtherFS: to a directory of another filesystem: one was mounted over it, or the one that
	// it is on was unmounted and its mount point shows.
	RootOtherFS
)

// String names the state for logs.
func (s RootState) String() string {
	names := [...]string{"same", "replaced", "missing", "on another filesystem"}
	if int(s) < len(names) {
		return names[s]
	}
	return "unknown state"
}

// Recheck follows the path again. The error is a real one, EACCES or EIO or ESTALE: nothing is
// known then. Where the path is relative it starts at the working directory of OpenRoot.
func (r *Root) Recheck() (RootState, error) {
	var raw sys.Statx
	err := r.calls.statPath(r.lookup, sys.StatMask|sys.StatMountID, &raw)
	switch {
	case sys.Gone(err):
		return RootMissing, nil
	case err != nil:
		return RootMissing, &fs.PathError{Op: "recheck root", Path: r.path, Err: err}
	case raw.Mode&sys.ModeType != sys.ModeDir:
		return RootMissing, nil
	case sys.Dev(&raw) != r.id.Dev:
		return RootOtherFS, nil
	case raw.Ino != r.id.Ino:
		return RootReplaced, nil
	case raw.Nlink == 0 && r.nlink > 0: // some FUSE filesystems always say 0
		return RootMissing, nil
	}
	return r.recheckMount(&raw)
}

// recheckMount tells the pinned directory through its mount from the same one through another.
func (r *Root) recheckMount(raw *sys.Statx) (RootState, error) {
	id := raw.Mnt_id
	if raw.Mask&sys.StatMountID == 0 {
		fd, err := sys.OpenRoot(r.lookup)
		switch {
		case sys.Gone(err):
			return RootMissing, nil
		case err != nil:
			return RootMissing, &fs.PathError{Op: "recheck root", Path: r.path, Err: err}
		}
		defer sys.Close(fd)
		if id, err = sys.MountIDAt(fd, []byte{0}); err != nil {
			return RootMissing, &fs.PathError{Op: "recheck root", Path: r.path, Err: err}
		}
	}
	if id != r.id.MountID {
		return RootReplaced, nil
	}
	return RootSame, nil
}
