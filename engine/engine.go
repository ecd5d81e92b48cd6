package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sersync/sersync/engine/journal"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/engine/track"
	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/inotify"
)

// Engine mirrors the trees of one config.
type Engine struct {
	opts  Options
	log   *slog.Logger
	trees []*tree

	source  *inotify.Source
	tracker *track.Tracker
	journal *journal.Journal // nil in a dry run

	runTime  time.Duration // of one run, at most; 0: as live changes need it
	printing sync.Mutex    // held while a dry run prints
	killed   chan struct{}
	killOnce sync.Once
}

// New pins the roots of a config. Nothing runs yet, and nothing was written.
func New(o Options) (*Engine, error) {
	o = o.withDefaults()
	e := &Engine{opts: o, log: o.Log, killed: make(chan struct{})}
	var errs []error
	for i, conf := range o.Config.Trees {
		t, err := newTree(i, conf, &o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		e.trees = append(e.trees, t)
	}
	if errs != nil {
		return nil, errors.Join(append(errs, e.closeTrees())...)
	}
	return e, nil
}

// Kill ends Run or Sync without waiting for what is owed. Runs are ended and waited for.
func (e *Engine) Kill() { e.killOnce.Do(func() { close(e.killed) }) }

// Run mirrors until ctx ends and what is owed is paid, or the drain timeout or Kill end that.
func (e *Engine) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, e.closeTrees()) }()
	if err := e.newSource(); err != nil {
		return err
	}
	if err := e.open(ctx, false); err != nil {
		return errors.Join(err, e.source.Close())
	}
	defer func() { err = errors.Join(err, e.closeJournal()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hard, kill := e.hardContext(ctx)
	defer kill()

	// In the order in which a change travels. The group's context is not used: every part ends by
	// ctx, and the later ones after the earlier ones.
	var g errgroup.Group
	begin := func(what string, f func() error) {
		g.Go(func() error {
			err := f()
			if err != nil {
				cancel()
				return fmt.Errorf("%s: %w", what, err)
			}
			return nil
		})
	}
	begin("track", func() error { return e.tracker.Run(ctx) })
	begin("start", func() error { return e.start(ctx) })
	for _, t := range e.trees {
		begin("watch the root", func() error { return t.watchPath(ctx) })
		begin("supervise", func() error { return t.supervise(ctx, e) })
		for _, target := range t.targets {
			begin("remember", func() error { return target.remember(ctx) })
			begin("send the root's attributes", func() error { return target.rootAttrs.send(ctx) })
			begin("deliver", func() error { return target.delivery.Run(hard) })
		}
	}
	begin("dispatch", func() error {
		e.dispatch()
		e.drain(hard)
		return nil
	})
	go func() { // ends with hard, which the defer above ends
		<-hard.Done()
		e.tracker.Abandon()
	}()
	return g.Wait()
}

// hardContext ends when Kill is called, not when ctx is done: work under way may finish.
func (e *Engine) hardContext(ctx context.Context) (context.Context, context.CancelFunc) {
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-e.killed:
			cancel()
		case <-hard.Done():
		}
	}()
	return hard, cancel
}

// open takes the state lock, reads what is remembered, and makes the targets. Once says that one pass
// is all that is made: that does not wait for the lock.
func (e *Engine) open(ctx context.Context, once bool) error {
	if !e.opts.DryRun {
		j, err := e.openJournal(ctx, once)
		if err != nil {
			return err
		}
		e.journal = j
	} else if err := e.rivals(once); err != nil {
		e.log.Warn("it would be refused for real", "err", err)
	}
	for _, t := range e.trees {
		if err := t.recall(e); err != nil {
			return errors.Join(err, e.closeJournal())
		}
		for _, conf := range t.conf.Targets {
			t.targets = append(t.targets, newTarget(e, t, conf))
		}
	}
	return nil
}

func (e *Engine) newSource() (err error) {
	table := kern.NewDirTable()
	cross := true
	trees := make([]track.Tree, len(e.trees))
	for i, t := range e.trees {
		cross = cross && t.conf.CrossMounts
		trees[i] = track.Tree{
			Root: t.root.Load, Rules: t.rules,
			Switches: track.Switches{NoAttrib: !t.conf.Events.Attrib},
		}
	}
	e.source, err = inotify.New(table, inotify.Options{Log: e.log, CrossMounts: cross})
	if err != nil {
		return err
	}
	e.tracker = track.New(track.Options{
		Source: e.source, Table: table, Trees: trees, Log: e.log,
		RootGone:   func(tree int) { e.trees[tree].doubt() },
		PassLength: e.passLength,
	})
	return nil
}

// start watches every tree, and owes full passes where they are due.
func (e *Engine) start(ctx context.Context) error {
	began := time.Now()
	dirs := 0
	for _, t := range e.trees {
		n, err := e.watch(ctx, t)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		dirs += n
	}
	e.tracker.Standing(e.source.Reads())
	e.log.Info("watching", "trees", len(e.trees), "directories", dirs,
		"seconds", time.Since(began).Seconds())
	for _, t := range e.trees {
		if e.passDue(t) {
			e.mark(t, task.Asked)
			e.tracker.ScanLinks()
		} else {
			t.log.Info("no full pass: what changed while nobody watched is not sent; -r makes one")
		}
	}
	e.opts.OnReady()
	for _, t := range e.trees {
		t.countNames(ctx) // until it is known, limits are those of a small tree
	}
	return nil
}

// passDue reports whether the tree is compared at the start. As with sersync2, an XML setup is so
// only with -r; a tree that sersync2 ignored is until it was once.
func (e *Engine) passDue(t *tree) bool {
	return e.opts.FullSync || t.conf.Second && t.unknown()
}

// watch puts a tree under watch.
func (e *Engine) watch(ctx context.Context, t *tree) (dirs int, err error) {
	report, err := e.source.AddRoot(ctx, t.number, t.root.Load(), t.rules.Excluded)
	if err != nil {
		return 0, err
	}
	e.tracker.Report(t.number, report)
	return report.Dirs, nil
}

// mark owes the whole tree to its targets.
func (e *Engine) mark(t *tree, origin task.Origin) {
	for _, target := range t.targets {
		target.passBegan()
	}
	e.tracker.Mark(t.number, fullPass(origin))
}

// dispatch hands what is dirty to every target of its tree, until the tracker has ended.
func (e *Engine) dispatch() {
	for {
		debts, err := e.tracker.Next()
		if err != nil {
			return
		}
		for i, t := range e.trees {
			if len(debts[i]) == 0 {
				continue
			}
			for _, target := range t.targets {
				target.delivery.Add(debts[i])
			}
		}
	}
}

// drain gives the targets time to pay what is owed, then ends their runs.
func (e *Engine) drain(hard context.Context) {
	ctx, cancel := context.WithTimeout(hard, e.opts.DrainTimeout)
	defer cancel()
	var g errgroup.Group
	for _, t := range e.trees {
		for _, target := range t.targets {
			g.Go(func() error {
				owed := target.delivery.Drain(ctx)
				// What is held was said when it was, and is for a person to see to.
				owed -= target.delivery.Stats().Waiting[task.Held]
				if owed > 0 {
					target.log.Warn("stopped with paths still owed; the next full pass (-r) sends them",
						"owed", owed)
				}
				return nil
			})
		}
	}
	_ = g.Wait()
}

func (e *Engine) passLength() (longest time.Duration) {
	for _, t := range e.trees {
		longest = max(longest, time.Duration(t.passLength.Load()))
	}
	return longest
}

func (e *Engine) closeTrees() error {
	var errs []error
	for _, t := range e.trees {
		errs = append(errs, t.close())
	}
	return errors.Join(errs...)
}
