package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/inotify"
	"github.com/sersync/sersync/kern/scan"
)

// tree is one watched tree with its targets.
type tree struct {
	number  int
	conf    config.Tree
	rules   *filter.Rules
	targets []*target
	log     *slog.Logger

	// root is what the path led to when it was pinned last. Roots that were replaced stay open
	// until the engine ends: a run that began with one may still be reading from it.
	root atomic.Pointer[scan.Root]
	old  []*scan.Root
	// suspect, of capacity 1, says that the path may lead elsewhere now.
	suspect chan struct{}
	turning sync.WaitGroup // targets that wait for their runs from the old root to end
	// passLength is how long the last full pass took, in nanoseconds.
	passLength atomic.Int64
	// replaced: at the start the root was another directory than the journal knew.
	replaced bool

	mounts mounts
	// lastAbsent is the supervisor's: the mount points that were absent, or without CrossMounts those
	// that there were.
	lastAbsent []string
}

func newTree(number int, conf config.Tree, o *Options) (*tree, error) {
	// The state directory may lie in the tree: what is written there must not make it dirty.
	rules, err := conf.Rules(o.StateDir)
	if err != nil {
		return nil, err
	}
	root, err := scan.OpenRoot(conf.Path)
	if err != nil {
		return nil, fmt.Errorf("%w; the directory must exist before it can be watched", err)
	}
	t := &tree{
		number: number, conf: conf, rules: rules,
		log: o.Log.With("tree", conf.Path), suspect: make(chan struct{}, 1),
	}
	t.root.Store(root)
	return t, nil
}

func (t *tree) close() error {
	errs := []error{t.root.Load().Close()}
	for _, r := range t.old {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

// countNames tells the guards how many names the tree has, for limits that are a share of it. It
// looks at names only, which costs no look at any file.
func (t *tree) countNames(ctx context.Context) {
	var names atomic.Int64
	err := t.root.Load().Walk(ctx, "", 0, scan.WalkOptions{
		CrossMounts: t.conf.CrossMounts, Skip: t.rules.Excluded,
		Entry: func(uint64, []byte, []byte, *scan.Stat) { names.Add(1) },
		Fail:  func([]byte, error) {}, // what can't be read is not known, which makes limits stricter
	})
	if err != nil {
		return
	}
	for _, target := range t.targets {
		target.guard.SetKnown(names.Load())
	}
}

// doubt asks the supervisor to look where the path leads. It never blocks.
func (t *tree) doubt() {
	select {
	case t.suspect <- struct{}{}:
	default:
	}
}

// recheckEvery is how often a missing root is looked for. While it is there nothing is looked at:
// the way to it is watched.
const recheckEvery = time.Second

// watchPath turns every change on the way to the root into a doubt, until ctx ends.
func (t *tree) watchPath(ctx context.Context) error {
	w, err := inotify.NewPathWatch(t.conf.Path)
	if err != nil {
		t.log.Warn("a root that is replaced is noticed only at the next change in it", "err", err)
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = w.Close() })
	defer stop()
	for w.Wait() == nil {
		t.doubt()
	}
	return w.Close()
}

// supervise answers doubts: it pauses the targets while the path leads to nothing or to another
// filesystem, and pins it anew if it leads to another directory.
func (t *tree) supervise(ctx context.Context, e *Engine) error {
	defer t.turning.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.suspect:
		}
		if err := t.settle(ctx, e); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// settle returns when the path leads to a directory that is pinned and watched.
func (t *tree) settle(ctx context.Context, e *Engine) error {
	paused := false
	for {
		state, err := t.root.Load().Recheck()
		switch {
		case state == scan.RootSame && err == nil:
			if paused {
				t.log.Info("the source is back; it is compared as a whole")
				for _, target := range t.targets {
					target.delivery.Resume()
				}
				e.mark(t, task.Recovery)
			}
			t.settleMounts(ctx, e)
			return nil
		case state == scan.RootReplaced && err == nil:
			err = t.repin(ctx, e)
			if err == nil {
				return nil
			}
		}
		if !paused {
			paused = true
			t.log.Error("nothing is sent or deleted until the source is back", "state", state, "err", err)
		}
		if !wait(ctx, recheckEvery) {
			return nil
		}
	}
}

// settleMounts lets what waited for a mount go on when that is back, with all of it in doubt.
func (t *tree) settleMounts(ctx context.Context, e *Engine) {
	for _, path := range t.recheckMounts() {
		report, err := e.source.Revisit(ctx, t.number, path)
		if err != nil && ctx.Err() == nil {
			t.log.Error("watch the filesystem again", "mount", path, "err", err)
		}
		e.tracker.Report(t.number, report)
		e.tracker.Mark(t.number, task.Debt{
			Path: path, Scope: task.Subtree, Origin: task.Recovery, Class: task.ClassBulk,
			Since: time.Now().UnixNano(),
		})
		for _, target := range t.targets {
			target.delivery.Resume()
		}
	}
}

// repin takes the directory that the path leads to now as the source. Nobody knows whether it is
// what the targets were made from, so that it is a first contact.
func (t *tree) repin(ctx context.Context, e *Engine) error {
	root, err := scan.OpenRoot(t.conf.Path)
	if err != nil {
		return err
	}
	t.log.Warn("the path leads to another directory: it is watched from here on and compared as a " +
		"whole; what only the targets have is kept")
	t.old = append(t.old, t.root.Swap(root))
	if !t.conf.CrossMounts {
		t.lastAbsent = nil // paths below the old one
		t.uncovered()
	}
	if err := t.remember(e); err != nil {
		t.log.Error("remember the source", "err", err)
	}
	if _, err := e.watch(ctx, t); err != nil {
		return err
	}
	for _, target := range t.targets {
		t.turning.Go(func() { target.turn(ctx, root) })
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
