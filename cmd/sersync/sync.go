package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/config"
)

func (p *program) syncCommand() *cobra.Command {
	f := new(runFlags)
	return pairCommand(&cobra.Command{
		Use:   "sync [flags] SRC DST...",
		Short: "make targets the same as a directory, once",
		Long: `Makes every DST the same as the contents of the directory SRC, in one full pass, and ends.

It exits with 0: identical. 1: usage, configuration. 2: some paths failed. 3: a target could not be
reached. 4: all is there, but deletions are held (--delete deletes). 130: stopped by a signal.`,
	}, f, func(ctx context.Context, cfg *config.Config) error { return p.sync(ctx, f, cfg) })
}

func (p *program) sync(ctx context.Context, f *runFlags, cfg *config.Config) error {
	warnings, err := f.findings(cfg, f.logFile, "")
	if err != nil {
		return err
	}
	p.printArrow(cfg)
	log, err := f.open(p.stderr, false, f.logFile)
	if err != nil {
		return err
	}
	log.findings(warnings)
	bar := newBar(p.stderr)
	eng, err := engine.New(f.options(engine.Options{
		Config: cfg, FullSync: true, Progress: bar.progress(),
	}, log.Logger, p))
	if err != nil {
		return err
	}
	var result engine.SyncResult
	err = stopping{log: log.Logger, force: eng.Kill}.run(ctx, func(ctx context.Context) (err error) {
		result, err = eng.Sync(ctx)
		return err
	})
	bar.clear()
	if errors.Is(err, errStopped) {
		return &exitError{exitInterrupted, fmt.Errorf("sync of %s stopped before its end; run it again to finish",
			cfg.Trees[0].Path)}
	}
	if err != nil {
		return err
	}
	if f.dryRun {
		fmt.Fprintln(p.stdout, "nothing was changed")
		return nil
	}
	return p.judge(result, f.forceDelete)
}

// judge says how it ended: the exit code is that of the first thing that a person would see to.
func (p *program) judge(r engine.SyncResult, forced bool) error {
	switch {
	case len(r.Unreachable) > 0:
		return &exitError{exitUnreachable, each("could not reach", r.Unreachable)}
	case len(r.Failed) > 0:
		return &exitError{exitFailed, each("failed:", r.Failed)}
	case len(r.Held) > 0:
		lines := make([]string, len(r.Held))
		for i, h := range r.Held {
			lines[i] = held(h, forced)
		}
		return &exitError{exitHeld, each("everything is there, but", lines)}
	}
	if r.Identical {
		fmt.Fprintln(p.stdout, "identical")
	}
	return nil
}

// held says how much is held on a target and what lets it go.
func held(h engine.Held, forced bool) string {
	names := fmt.Sprintf("deletions are held on %s (%d)", h.Target, h.Names)
	switch {
	case h.Mode == "live":
		return names + ": --delete-mode=live deletes what is seen leaving; --delete-mode=full deletes these too"
	case forced:
		return names + ": they exceed the limit of an hour; --max-delete=none lifts it, --max-delete=N or N% is another"
	}
	return names + ": --delete deletes them up to the limit of an hour, --delete --max-delete=none all of them"
}

// each is a line for each of a list that may be long. The engine's entries say why.
func each(what string, list []string) error {
	const most = 20
	var errs []error
	for _, entry := range list[:min(most, len(list))] {
		errs = append(errs, fmt.Errorf("%s %s", what, entry))
	}
	if more := len(list) - most; more > 0 {
		errs = append(errs, fmt.Errorf("%s %d more", what, more))
	}
	return errors.Join(errs...)
}
