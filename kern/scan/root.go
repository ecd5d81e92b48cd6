package scan

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sersync/sersync/kern/internal/sys"
)

// Root is the directory at the top of a tree, pinned: whatever happens to its path, the descriptor
// leads to the directory that was there when it was opened.
type Root struct {
	path   string // cleaned, as given
	lookup string // absolute, not cleaned: "link/.." is not what Clean makes of it
	fd     int
	id     Identity
	nlink  uint32
	calls  calls
	// buffers are *[bufferSize]byte for getdents64.
	buffers sync.Pool
}

// bufferSize holds some 2,000 entries; larger ones were not faster, smaller ones were.
const bufferSize = 64 << 10

// OpenRoot pins the directory that path leads to now; symlinks on the way and at the end are
// followed. The error is an *fs.PathError, which is fs.ErrNotExist where nothing is there.
func OpenRoot(path string) (*Root, error) {
	return openRoot(path, calls{openat2: true, statx: true})
}

func openRoot(path string, want calls) (*Root, error) {
	lookup := path
	if !filepath.IsAbs(path) {
		wd, err := os.Getwd()
		if err != nil {
			return nil, fmt.Errorf("find the working directory: %w", err)
		}
		lookup = wd + "/" + path
	}
	fd, err := sys.OpenRoot(lookup)
	if err != nil {
		return nil, &fs.PathError{Op: "open root", Path: path, Err: err}
	}
	r := &Root{path: filepath.Clean(path), lookup: lookup, fd: fd}
	r.buffers.New = func() any { return new([bufferSize]byte) }
	if r.calls, err = probeCalls(fd, want); err == nil {
		r.id, r.nlink, err = r.calls.identify(fd)
	}
	if err != nil {
		sys.Close(fd)
		return nil, &fs.PathError{Op: "identify root", Path: path, Err: err}
	}
	return r, nil
}

// FD is the pinned descriptor (O_PATH), good until Close. It is close-on-exec: to give it to a
// child use File.
func (r *Root) FD() int { return r.fd }

// File returns a duplicate of the pinned descriptor, for exec.Cmd.ExtraFiles: the first of those is
// /proc/self/fd/3/ in the child and leads to this directory whatever became of its path. The
// caller closes it.
func (r *Root) File() (*os.File, error) {
	fd, err := sys.Dup(r.fd)
	if err != nil {
		return nil, &fs.PathError{Op: "duplicate root", Path: r.path, Err: err}
	}
	return os.NewFile(uintptr(fd), r.path), nil
}

// Pin opens what is at path below the pinned directory, mounts crossed, without reading it (O_PATH).
// Until it is closed its filesystem can't be unmounted but lazily.
func (r *Root) Pin(path string) (*os.File, error) {
	if !validPath(path) {
		return nil, &fs.PathError{Op: "pin", Path: path, Err: fs.ErrInvalid}
	}
	l := r.Looker(true)
	defer l.Close()
	fd, err := l.open(path, sys.OpenPathAny)
	if err != nil {
		return nil, &fs.PathError{Op: "pin", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// Path is the path that OpenRoot was given, cleaned.
func (r *Root) Path() string { return r.path }

// Identity is that of the pinned directory when it was opened.
func (r *Root) Identity() Identity { return r.id }

// Close releases the directory. It may be called once, after every user of the Root has ended.
func (r *Root) Close() error {
	fd := r.fd
	r.fd = -1
	return sys.Close(fd)
}

// crossing returns the rule about mounts for a look or a walk that starts here.
func (r *Root) crossing(allowed bool) crossing {
	return crossing{allowed: allowed, mount: r.id.MountID}
}

// validPath refuses what is no path below a root: an absolute one, empty components, "." and "..",
// and a NUL, at which the kernel would cut it.
func validPath(path string) bool {
	for rest, more := path, path != ""; more; {
		var name string
		if name, rest, more = strings.Cut(rest, "/"); !validName(name) {
			return false
		}
	}
	return true
}

func validName(name string) bool {
	return name != "" && name != "." && name != ".." && strings.IndexByte(name, 0) < 0
}
