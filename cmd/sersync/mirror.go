package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/config"
)

func (p *program) mirrorCommand() *cobra.Command {
	f := new(daemonFlags)
	return pairCommand(&cobra.Command{
		Use:   "mirror [flags] SRC DST...",
		Short: "keep targets the same as a directory, without a configuration file",
		Long: `Keeps every DST the same as the contents of the directory SRC: a full pass first, then each change.

DST is in rsync's own notation: /dir, host::module/path, rsync://host/module, user@host:path.
SRC means its contents, with or without a slash at its end.`,
		Example: mirrorExample,
	}, f, func(ctx context.Context, cfg *config.Config) error { return p.mirror(ctx, f, cfg) })
}

func (p *program) mirror(ctx context.Context, f *daemonFlags, cfg *config.Config) error {
	if p.notice == nil {
		p.printArrow(cfg)
	}
	if f.background && p.notice == nil {
		return p.detach(ctx)
	}
	return p.serve(ctx, f, engine.Options{Config: cfg, FullSync: true})
}

// printArrow says what is mirrored where: whose contents go into what.
func (p *program) printArrow(c *config.Config) {
	for _, t := range c.Trees {
		for _, target := range t.Targets {
			fmt.Fprintf(p.stdout, "%s → %s\n", config.OneLine(withSlash(t.Path)), config.OneLine(withSlash(target.Dest)))
		}
	}
}

// withSlash is the directory's name as rsync is given it. Behind a colon there is none to add: a
// slash there would be another directory.
func withSlash(name string) string {
	if strings.HasSuffix(name, "/") || strings.HasSuffix(name, ":") {
		return name
	}
	return name + "/"
}
