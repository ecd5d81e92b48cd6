package scan

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"github.com/sersync/sersync/kern/internal/sys"
)

// errTurning: a name was a directory when it was looked at and none when it was opened, again and
// again.
var errTurning = errors.New("keeps changing between a directory and something else")

// pathMax is the longest path, with its NUL, that one system call takes (PATH_MAX).
const pathMax = 4096

// enter makes dir the directory that l is in. If dir is not reached without error, pruned says
// where the way ends.
func (l *Looker) enter(dir string) (reached bool, err error) {
	if string(l.dir) == dir {
		return true, nil
	}
	if !validPath(dir) {
		return false, fs.ErrInvalid
	}
	l.popTo(l.shared(dir))
	if len(l.dir) == len(dir) {
		return true, nil
	}
	rest := dir[l.skip():]
	if l.calls.openat2 && len(rest) < pathMax {
		fd, err := l.openWhole(rest)
		if err == nil {
			l.push(fd, dir)
			return true, nil
		}
		// Whatever it was: component by component it comes out where.
	}
	return l.enterStepwise(dir)
}

// openWhole opens several components at once.
func (l *Looker) openWhole(rest string) (int, error) {
	resolve := uint64(sys.ResolveBeneath)
	if !l.mount.allowed {
		resolve |= sys.ResolveNoXDev
	}
	return sys.Openat2(l.top(), l.terminated(rest), sys.OpenPath, resolve)
}

// enterStepwise opens one component after the other.
func (l *Looker) enterStepwise(dir string) (reached bool, err error) {
	for len(l.dir) < len(dir) {
		start := l.skip()
		end := len(dir)
		if i := strings.IndexByte(dir[start:], '/'); i >= 0 {
			end = start + i
		}
		fd, st, err := l.step(dir[start:end])
		if err != nil {
			return false, err
		}
		if st.Kind != KindDir {
			l.pruned, l.prunedStat = dir[:end], st
			return false, nil
		}
		l.push(fd, dir[:end])
	}
	return true, nil
}

// step opens one component. If it is no directory, st says what it is and fd is not open.
func (l *Looker) step(name string) (fd int, st Stat, err error) {
	const attempts = 16
	for range attempts {
		fd, err := l.calls.openChild(l.top(), l.terminated(name), sys.OpenPath, l.mount)
		switch {
		case err == nil:
			return fd, Stat{Kind: KindDir}, nil
		case errors.Is(err, syscall.ENAMETOOLONG):
			return -1, Stat{}, nil
		case !sys.Gone(err) && !errors.Is(err, syscall.EXDEV):
			return -1, Stat{}, err
		}
		err = l.calls.look(l.top(), l.terminated(name), l.mount, &l.raw, &st)
		if err != nil || st.Kind != KindDir {
			return -1, st, err
		}
		// It became a directory between the two calls.
	}
	return -1, Stat{}, errTurning
}

// shared returns how many frames are on the way to dir.
func (l *Looker) shared(dir string) int {
	n := len(l.frames)
	for n > 1 {
		end := l.frames[n-1].end
		if end <= len(dir) && (end == len(dir) || dir[end] == '/') && string(l.dir[:end]) == dir[:end] {
			break
		}
		n--
	}
	return n
}

// skip is where the rest of a path below dir begins.
func (l *Looker) skip() int {
	if len(l.dir) == 0 {
		return 0
	}
	return len(l.dir) + 1
}

// push enters fd, which is dir; what dir has beyond l.dir may be several components.
func (l *Looker) push(fd int, dir string) {
	l.dir = append(l.dir[:0], dir...)
	f := frame{fd: fd, end: len(dir)}
	if last := len(l.frames) - 1; last+1 >= maxFrames {
		// Deeper directories take the last place: the way back to those between is opened again.
		sys.Close(l.frames[last].fd)
		l.frames[last] = f
		return
	}
	l.frames = append(l.frames, f)
}

// popTo keeps n frames.
func (l *Looker) popTo(n int) {
	for len(l.frames) > n {
		last := len(l.frames) - 1
		sys.Close(l.frames[last].fd)
		l.frames = l.frames[:last]
	}
	l.dir = l.dir[:l.frames[n-1].end]
}
