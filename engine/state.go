package engine

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/journal"
)

// openJournal takes the lock and writes down what this config sends where.
func (e *Engine) openJournal(ctx context.Context, once bool) (*journal.Journal, error) {
	dir, err := Folder(e.opts.StateDir, e.opts.Config)
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(ctx, dir, journal.Options{Wait: !once, Waiting: func(pid int) {
		e.log.Info("waiting for the end of the sersync before this one", "pid", pid)
	}})
	if err != nil {
		return nil, e.stateError(err)
	}
	if d := j.Damage(); d != nil {
		e.log.Error("the journal was damaged and is set aside; every target counts as never compared",
			"aside", d.Aside, "err", d.Err)
	}
	if err := e.claim(j, once); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// claim writes down what this config sends where, and refuses if somebody is sending to the same
// place. Of two that start at once at least one sees the other, for each writes before it looks.
func (e *Engine) claim(j *journal.Journal, once bool) error {
	c := journal.Config{Name: e.opts.Config.File, Once: once}
	for _, t := range e.opts.Config.Trees {
		if c.Name == "" {
			c.Name = "a command line for " + t.Path
		}
		for _, g := range t.Targets {
			c.Destinations = append(c.Destinations, journal.Destination{
				Source: t.Path, Target: g.Dest, Port: g.Port, Delete: g.Delete,
			})
		}
	}
	if err := j.SetConfig(c); err != nil {
		return e.stateError(err)
	}
	return e.rivals(once)
}

// stateError says where the state directory is that could not be used, and what to do about it. Who
// holds its lock, and a format of a later version, say that themselves.
func (e *Engine) stateError(err error) error {
	var format *journal.FormatError
	if errors.Is(err, journal.ErrLocked) || errors.As(err, &format) {
		return err
	}
	remedy := "give another with --state-dir"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		remedy = "free space there, or " + remedy
	}
	return fmt.Errorf("keep state in %s: %w; %s", e.opts.StateDir, err, remedy)
}

// rivals are the other configs of this host that somebody is mirroring to the same places now. Where
// nobody is, a config that was once tried out must not stand in the way.
func (e *Engine) rivals(once bool) error {
	others, err := others(&e.opts)
	if err != nil {
		e.log.Warn("not every other config of this host can be compared with", "err", err)
	}
	var running config.Findings
	for _, f := range e.opts.Config.Clashes(others, once) {
		if f.Severity == config.Error {
			running = append(running, f)
		}
	}
	if running == nil {
		return nil
	}
	return running
}

func (e *Engine) closeJournal() error {
	if e.journal == nil {
		return nil
	}
	return e.journal.Close()
}

// errElsewhere says that a source is on another filesystem than last time.
var errElsewhere = errors.New("the source is on another filesystem than before (not mounted?)")

// recall compares the root with what is remembered of it. Another directory on the same filesystem
// is new to the targets. One on another filesystem is most likely the bare mount point of one that
// is not mounted yet.
func (t *tree) recall(e *Engine) error {
	if e.journal == nil {
		return t.recallMounts(nil)
	}
	known, ok := e.journal.Tree(t.conf.Path)
	now := identityOf(t.root.Load().Identity())
	switch {
	case !ok:
	case known.Root.Same(now):
		if err := t.recallMounts(known.Mounts); err != nil {
			return err
		}
		return t.remember(e)
	case !known.Root.SameFS(now):
		return fmt.Errorf("%s: %w; mount it, or if it has moved for good remove %s and start again: "+
			"the targets then count as never compared", t.conf.Path, errElsewhere, e.journal.Dir())
	default:
		t.replaced = true
		t.log.Warn("the source is another directory than before; what only the targets have is kept")
	}
	if err := t.recallMounts(nil); err != nil {
		return err
	}
	return t.remember(e)
}

// remember writes down which directory the root is.
func (t *tree) remember(e *Engine) error {
	if e.journal == nil {
		return nil
	}
	err := e.journal.SetTree(t.conf.Path, journal.Tree{
		Root: identityOf(t.root.Load().Identity()), Mounts: t.rememberedMounts(),
	})
	if err != nil {
		return e.stateError(err)
	}
	return nil
}

// contact returns what is remembered of a target, if it is still about this source.
func (t *tree) contact(e *Engine, conf config.Target) guard.Contact {
	if e.journal == nil || t.replaced {
		return guard.Unknown
	}
	return guard.ParseContact(e.journal.Target(t.conf.Path, conf.Dest).Contact)
}

// unknown reports whether some target of the tree was never compared.
func (t *tree) unknown() bool {
	for _, target := range t.targets {
		if target.guard.Contact() == guard.Unknown {
			return true
		}
	}
	return false
}
