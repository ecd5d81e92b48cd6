package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/journal"
)

// openJournal takes the lock and writes down what this config sends where.
func (e *Engine) openJournal(ctx context.Context, wait bool) (*journal.Journal, error) {
	dir, err := Folder(e.opts.StateDir, e.opts.Config)
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(ctx, dir, journal.Options{Wait: wait, Waiting: func(pid int) {
		e.log.Info("waiting for the end of the sersync before this one", "pid", pid)
	}})
	if err != nil {
		return nil, err
	}
	if d := j.Damage(); d != nil {
		e.log.Error("the journal was damaged and is set aside; every target counts as never compared",
			"aside", d.Aside, "err", d.Err)
	}
	name := e.opts.Config.File
	if name == "" {
		name = "command line"
	}
	return j, j.SetConfig(name, destinations(e.opts.Config))
}

func destinations(c *config.Config) (all []journal.Destination) {
	for _, t := range c.Trees {
		for _, target := range t.Targets {
			all = append(all, journal.Destination{Source: t.Path, Target: target.Dest, Delete: target.Delete})
		}
	}
	return all
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
	return e.journal.SetTree(t.conf.Path, journal.Tree{
		Root: identityOf(t.root.Load().Identity()), Mounts: t.rememberedMounts(),
	})
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
