package scan

import (
	"io/fs"
	"strings"
	"syscall"

	"github.com/sersync/sersync/kern/internal/sys"
)

// Looker answers what is at paths below a root. It keeps the directories on the way to the last
// path open, so that sorted paths cost about one statx(2) each; any other order is right too.
//
// A directory that is renamed while it is kept open is still seen at its old path. So a Looker is
// made for one resolution, lives for milliseconds, and is closed; Reset makes it look from the root
// again. It is not safe for concurrent use.
type Looker struct {
	root  *Root
	calls calls
	mount crossing

	frames []frame // frames[0] is the root, the last one is dir
	dir    []byte  // path of the last frame
	name   []byte  // scratch: a path with its NUL
	raw    sys.Statx

	// pruned is the topmost path on the way to the last one that is no real directory, and
	// prunedStat what it is: what lies below it needs no system call.
	pruned     string
	prunedStat Stat
}

// frame is an open directory (O_PATH) on the way to dir.
type frame struct {
	fd  int
	end int // its path is dir[:end]
}

// maxFrames bounds the descriptors that a Looker keeps.
const maxFrames = 64

// Looker returns a Looker that starts at the pinned root. With crossMounts what is mounted below is
// looked into; without, a mount point is KindMount and nothing below it is seen.
func (r *Root) Looker(crossMounts bool) *Looker {
	l := &Looker{root: r, calls: r.calls, mount: r.crossing(crossMounts)}
	l.frames = append(make([]frame, 0, 8), frame{fd: r.fd})
	return l
}

// Close releases the directories that are kept open.
func (l *Looker) Close() { l.Reset() }

// Reset forgets every directory but the root. The Looker can be used again.
func (l *Looker) Reset() {
	l.popTo(1)
	l.pruned = ""
}

// Look returns the topmost prefix of path that is not a real directory, and what it is; where all
// parents are real directories that is path itself. So top is shorter than path exactly if nothing
// can be at path because of what is at top: it is missing, a file, a symlink or a mount point.
//
// The error is a real one, an *fs.PathError (EACCES, EIO, ESTALE, or fs.ErrInvalid for what is no
// path below a root): it is not known then what is there. It does not allocate for a path whose
// directory is that of the last one.
func (l *Looker) Look(path string) (top string, st Stat, err error) {
	if l.pruned != "" && below(path, l.pruned) {
		return path[:len(l.pruned)], l.prunedStat, nil
	}
	cut := strings.LastIndexByte(path, '/')
	switch {
	case path == "":
		err = l.calls.look(l.root.fd, l.terminated("."), crossing{allowed: true}, &l.raw, &st)
	case cut == 0 || !validName(path[cut+1:]):
		err = fs.ErrInvalid
	default:
		top, st, err = l.lookBelow(path, cut)
	}
	if err != nil {
		return "", Stat{}, &fs.PathError{Op: "look at", Path: path, Err: err}
	}
	return top, st, nil
}

// lookBelow looks at path, the last slash of which is at cut.
func (l *Looker) lookBelow(path string, cut int) (top string, st Stat, err error) {
	if reached, err := l.enter(path[:max(cut, 0)]); !reached {
		return l.pruned, l.prunedStat, err
	}
	err = l.calls.look(l.top(), l.terminated(path[cut+1:]), l.mount, &l.raw, &st)
	if err != nil {
		return "", Stat{}, err
	}
	if st.Kind != KindDir {
		l.pruned, l.prunedStat = path, st
	}
	return path, st, nil
}

// open opens what is at path relative to its directory. ENOENT and EXDEV also say that something
// on the way is no directory, or is a mount point.
func (l *Looker) open(path string, flags int) (int, error) {
	cut := strings.LastIndexByte(path, '/')
	reached, err := l.enter(path[:max(cut, 0)])
	switch {
	case err != nil:
		return -1, err
	case !reached && l.prunedStat.Kind == KindMount:
		return -1, syscall.EXDEV
	case !reached:
		return -1, syscall.ENOENT
	}
	return l.calls.openChild(l.top(), l.terminated(path[cut+1:]), flags, l.mount)
}

// below reports that path lies below dir.
func below(path, dir string) bool {
	return len(path) > len(dir) && path[len(dir)] == '/' && path[:len(dir)] == dir
}

// terminated returns s with a NUL, in scratch.
func (l *Looker) terminated(s string) []byte {
	l.name = append(append(l.name[:0], s...), 0)
	return l.name
}

// top is the descriptor of the directory that l is in.
func (l *Looker) top() int { return l.frames[len(l.frames)-1].fd }
