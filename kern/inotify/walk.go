package inotify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/sys"
	"github.com/sersync/sersync/kern/scan"
)

// AddRoot watches root, which must stay open until the tree is dropped or the Source closed, and
// everything below it that skip does not exclude, and returns when every watch stands. skip may be
// nil; it is asked with paths relative to root, by many goroutines, also after AddRoot returned. A
// second AddRoot for the same number puts another root in the tree's place. What can't be watched
// is no error but in the Report.
func (s *Source) AddRoot(
	ctx context.Context, number int, root *scan.Root, skip func(path []byte, isDir bool) bool,
) (Report, error) {
	t, err := s.register(number, root, skip)
	if err != nil {
		return Report{}, err
	}
	return s.walk(ctx, t, "", 0)
}

// Enter watches the directory at path, which lies in the directory that has parentKey, and
// everything below it. That nothing is there (any more) is no error.
func (s *Source) Enter(
	ctx context.Context, number int, path string, parentKey uint64, _ []byte,
) (Report, error) {
	t, err := s.tree(number)
	if err != nil {
		return Report{}, err
	}
	if s.excluded(number, []byte(path)) {
		return Report{}, nil
	}
	return s.walk(ctx, t, path, parentKey)
}

// Revisit is Enter for who does not know the parent's key: it watches every directory on the way
// to path again, too.
func (s *Source) Revisit(ctx context.Context, number int, path string) (Report, error) {
	t, err := s.tree(number)
	if err != nil {
		return Report{}, err
	}
	s.walks.Add(1)
	defer s.walks.Add(-1)
	var key uint64
	for _, dir := range above(path) {
		if s.excluded(number, []byte(dir)) {
			return Report{}, nil
		}
		w := walk{source: s, tree: t, only: true}
		if err := w.run(ctx, dir, key); err != nil || w.last == 0 {
			return w.report(), err
		}
		key = w.last
	}
	return s.Enter(ctx, number, path, key, nil)
}

// above returns the directories on the way to path, the root first.
func above(path string) []string {
	if path == "" {
		return nil
	}
	dirs := []string{""}
	for i := range path {
		if path[i] == '/' {
			dirs = append(dirs, path[:i])
		}
	}
	return dirs
}

// Rewalk watches a whole tree again, after a loss. Directories that it does not come across are
// taken out of the table, and Reap removes their watches.
func (s *Source) Rewalk(ctx context.Context, number int) (Report, error) {
	t, err := s.tree(number)
	if err != nil {
		return Report{}, err
	}
	began := s.Reads()
	report, err := s.walk(ctx, t, "", 0)
	if err == nil {
		s.published.append(notice{
			kind: sweep, tree: int32(number), serial: t.serial, visit: began,
		}, nil)
		s.Wake()
	}
	return report, err
}

func (s *Source) walk(ctx context.Context, t *tree, from string, parent uint64) (Report, error) {
	w := &walk{source: s, tree: t}
	s.walks.Add(1)
	err := w.run(ctx, from, parent)
	s.walks.Add(-1)
	s.Wake()
	return w.report(), err
}

// unwatched is the key of directories for which there is no watch left. What is below them is
// counted, so that the message says how many watches are needed.
const unwatched = uint64(1) << 63

// walk is one walk that watches what it enters.
type walk struct {
	source *Source
	tree   *tree
	from   string // where it starts
	only   bool   // watch the directory that it starts from, nothing below
	last   uint64 // key of the last directory, with only

	dirs   atomic.Int64
	beyond atomic.Int64 // directories for which there was no watch
	blind  blind
}

func (w *walk) run(ctx context.Context, from string, parent uint64) error {
	w.from = from
	err := w.tree.root.Walk(ctx, from, parent, scan.WalkOptions{
		Workers:     w.source.opts.Workers,
		CrossMounts: w.source.opts.CrossMounts,
		Skip:        w.skip(),
		Stamp:       w.source.Reads,
		Enter:       w.enter,
		Fail:        w.fail,
	})
	if err != nil {
		return fmt.Errorf("watch %s: %w", w.tree.root.Path()+"/"+from, err)
	}
	return nil
}

// skip is the tree's, asked about directories alone: files are of no interest here.
func (w *walk) skip() func([]byte, bool) bool {
	skip := w.tree.skip
	if skip == nil {
		return nil
	}
	return func(path []byte, isDir bool) bool { return isDir && skip(path, true) }
}

func (w *walk) enter(d *scan.Dir) (key uint64, descend bool, err error) {
	if d.Parent == unwatched {
		w.beyond.Add(1)
		return unwatched, true, nil
	}
	if w.from != "" && len(d.Path) == len(w.from) {
		if ok, err := w.source.inParent(w.tree, d); err != nil || !ok {
			return 0, false, w.refused(d, err)
		}
	}
	wd, err := w.source.watch(w.tree, d)
	switch {
	case err == nil:
		w.dirs.Add(1)
		if w.only {
			w.last = keyOf(wd)
		}
		return keyOf(wd), !w.only, nil
	case errors.Is(err, sys.ErrNoSpace):
		w.beyond.Add(1)
		w.blind.unwatched(d.Path)
		return unwatched, true, nil
	default:
		return 0, false, w.refused(d, err)
	}
}

// refused keeps why a directory is not watched; it returns what ends the walk.
func (w *walk) refused(d *scan.Dir, err error) error {
	switch {
	case err == nil || errors.Is(err, kern.ErrClosed):
		return err
	default:
		w.fail(d.Path, err)
		return nil
	}
}

// fail keeps what could not be opened, read or watched. A directory that was moved while it waited
// to be opened is no failure: the event of that rename leads to it.
func (w *walk) fail(path []byte, err error) {
	switch {
	case errors.Is(err, scan.ErrMoved):
	case errors.Is(err, fs.ErrPermission):
		w.blind.pending(path)
	default:
		w.blind.failed(path, err)
	}
}
