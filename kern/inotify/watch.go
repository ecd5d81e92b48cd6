package inotify

import (
	"errors"
	"fmt"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/sys"
	"github.com/sersync/sersync/kern/scan"
)

// watch adds the watch of an open directory and publishes it, as one step: see the package doc.
func (s *Source) watch(t *tree, d *scan.Dir) (int32, error) {
	wd, wake, err := s.watchAndPublish(t, d)
	if wake {
		s.Wake()
	}
	return wd, err
}

func (s *Source) watchAndPublish(t *tree, d *scan.Dir) (wd int32, wake bool, err error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.fd < 0 {
		return -1, false, kern.ErrClosed
	}
	if wd, err = s.addWatch(s.fd, d.FD, watchMask); err != nil {
		return -1, false, fmt.Errorf("add watch of %s: %w", d.Path, err)
	}
	n := notice{
		tree: int32(t.number), serial: t.serial, wd: wd, parent: int32(d.Parent), visit: d.Stamp,
	}
	if len(d.Path) == 0 {
		n.kind = sawRoot
	}
	return wd, s.published.append(n, d.Name), nil
}

// inParent reports whether the directory that a walk starts from lies in the one that has the key
// which the caller gave. The walk opened it by a path, which may lead somewhere else by now, and
// then it is not what was asked for: whoever took its place raised events of its own. Every other
// directory is opened relative to its parent's descriptor.
func (s *Source) inParent(t *tree, d *scan.Dir) (bool, error) {
	up, err := sys.Openat(d.FD, []byte("..\x00"), sys.OpenPath)
	if err != nil {
		return false, fmt.Errorf("open parent of %s: %w", d.Path, err)
	}
	defer sys.Close(up)
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.fd < 0 {
		return false, kern.ErrClosed
	}
	// The kernel's name of a directory is its watch: the same, if it is the same.
	wd, err := s.addWatch(s.fd, up, watchMask)
	if errors.Is(err, sys.ErrNoSpace) {
		return false, nil // it would have one, if it were the same
	}
	if err != nil {
		return false, fmt.Errorf("add watch of parent of %s: %w", d.Path, err)
	}
	if keyOf(wd) == d.Parent {
		return true, nil
	}
	// It may not have been watched before. Nobody knows its place; Reap will see to it.
	s.published.append(notice{kind: stray, tree: int32(t.number), wd: wd, visit: d.Stamp}, nil)
	return false, nil
}
