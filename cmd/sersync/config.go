package main

import (
	"context"
	"log/slog"

	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/config"
)

// runConfig mirrors what a configuration file says, in sersync2's manner.
func (p *program) runConfig(ctx context.Context, f *configFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	file, err := findConfig(f.config)
	if err != nil {
		return err
	}
	if f.background && p.notice == nil {
		return p.detach(ctx)
	}
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	if cfg.Debug {
		f.logLevel = level(slog.LevelDebug)
	}
	return p.serve(ctx, &f.daemonFlags, engine.Options{Config: cfg, FullSync: f.fullSync})
}
