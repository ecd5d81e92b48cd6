package inotify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/sys"
)

// PathWatch tells when a path may lead somewhere else: a directory on the way was renamed, made
// anew or replaced, a symlink was switched, a filesystem was mounted or unmounted. None of these
// raises an event on the directory that the path led to before. It costs a watch for each directory
// on the way, and nothing while nothing happens there.
type PathWatch struct {
	path   string
	in     int // the inotify instance
	mounts int // /proc/self/mountinfo
	wake   int // an eventfd

	mu     sync.Mutex // held by Wait; Close takes it to be sure that nobody polls
	closed bool
	once   sync.Once
	names  map[int32][]string // by watch: the names that matter in that directory
}

const pathMask = sys.InCreate | sys.InDelete | sys.InMovedFrom | sys.InMovedTo |
	sys.InDeleteSelf | sys.InMoveSelf | sys.InOnlyDir

// maxSymlinks is how many symlinks the kernel follows in one path (path_resolution(7)).
const maxSymlinks = 40

// NewPathWatch watches the way to path, which is made absolute. What may not be read on the way is
// not watched.
func NewPathWatch(path string) (*PathWatch, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("watch the way to %s: %w", path, err)
	}
	w := &PathWatch{path: abs, in: -1, wake: -1, mounts: -1}
	if w.in, err = sys.InotifyInit(); err != nil {
		return nil, fmt.Errorf("watch the way to %s: %w", path, err)
	}
	if w.wake, err = sys.Eventfd(); err == nil {
		w.mounts, err = sys.OpenMountinfo()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("watch the way to %s: %w", path, err), w.release())
	}
	w.arm()
	return w, nil
}

// Wait blocks until the path may lead somewhere else, or returns kern.ErrClosed.
func (w *PathWatch) Wait() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if w.closed {
			return kern.ErrClosed
		}
		ready, err := sys.Poll([]int{w.wake, w.in}, []int{w.mounts})
		if err != nil {
			return fmt.Errorf("poll the way to %s: %w", w.path, err)
		}
		if ready[0] {
			return kern.ErrClosed
		}
		if ready[1] && w.concerned() || ready[2] {
			w.arm()
			return nil
		}
	}
}

// Close wakes Wait and releases everything. It may be called again.
func (w *PathWatch) Close() (err error) {
	w.once.Do(func() {
		err = sys.Write(w.wake, binary.NativeEndian.AppendUint64(nil, 1))
		w.mu.Lock()
		defer w.mu.Unlock()
		w.closed = true
		err = errors.Join(err, w.release())
	})
	return err
}

func (w *PathWatch) release() error {
	err := sys.Close(w.in)
	if w.wake >= 0 {
		err = errors.Join(err, sys.Close(w.wake))
	}
	if w.mounts >= 0 {
		err = errors.Join(err, sys.Close(w.mounts))
	}
	return err
}

// arm watches each directory on the way as it is now. Watches of directories that are not on the
// way any more stay until Close: there is one for each switch that ever happened in them, and the
// kernel drops those of deleted ones itself.
func (w *PathWatch) arm() {
	w.names = map[int32][]string{}
	at, rest := "/", strings.Split(strings.TrimPrefix(w.path, "/"), "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		w.watch(at, name)
		next := filepath.Join(at, name)
		if to, err := os.Readlink(next); err == nil && links < maxSymlinks {
			links++
			if strings.HasPrefix(to, "/") {
				at = "/"
			}
			rest = append(strings.Split(to, "/"), rest...)
			continue
		}
		at = next
	}
}

func (w *PathWatch) watch(dir, name string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	if wd, err := sys.InotifyAddWatchFD(w.in, int(d.Fd()), pathMask); err == nil {
		w.names[wd] = append(w.names[wd], name)
	}
}

// concerned reads what there is and reports whether any of it is about the way.
func (w *PathWatch) concerned() (yes bool) {
	var buf [4 << 10]byte
	for {
		n, err := sys.Read(w.in, buf[:])
		if err != nil || n <= 0 {
			return yes
		}
		for at := 0; at+sys.InotifyHeader <= n; {
			wd := int32(binary.NativeEndian.Uint32(buf[at:]))
			mask := binary.NativeEndian.Uint32(buf[at+4:])
			length := int(binary.NativeEndian.Uint32(buf[at+12:]))
			end := min(at+sys.InotifyHeader+length, n)
			name := strings.TrimRight(string(buf[at+sys.InotifyHeader:end]), "\x00")
			yes = yes || w.matters(wd, mask, name)
			at = end
		}
	}
}

func (w *PathWatch) matters(wd int32, mask uint32, name string) bool {
	if mask&(sys.InOverflow|sys.InUnmount) != 0 {
		return true
	}
	names, known := w.names[wd]
	if !known {
		return false
	}
	if mask&(sys.InDeleteSelf|sys.InMoveSelf|sys.InIgnored) != 0 {
		return true
	}
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}
