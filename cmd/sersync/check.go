package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/config"
)

func (p *program) checkCommand() *cobra.Command {
	var file string
	f := new(runFlags)
	cmd := &cobra.Command{
		Use:   "check [-o FILE]",
		Short: "say everything that is wrong with a configuration and its surroundings",
		Long: `Says everything that is wrong with a configuration, with its line, and what of this machine and of
the targets would be in its way. Nothing is changed. It exits with 1 if there is an error.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.check(cmd.Context(), f, file) },
	}
	bindConfig(cmd.Flags(), &file)
	bindStateDir(cmd.Flags(), &f.stateDir)
	cmd.Flags().SortFlags = false
	return cmd
}

func (p *program) check(ctx context.Context, f *runFlags, given string) error {
	if err := f.check(); err != nil {
		return err
	}
	file, err := findConfig(given)
	if err != nil {
		return err
	}
	var findings []config.Finding
	cfg, err := config.Load(file)
	if err != nil {
		findings = config.FindingsOf(err)
	} else {
		findings = engine.Preflight(ctx, engine.Options{Config: cfg, StateDir: f.stateDir})
	}
	faults := 0
	for _, finding := range findings {
		fmt.Fprintln(p.stdout, finding.Error())
		if finding.Severity == config.Error {
			faults++
		}
	}
	if faults > 0 {
		return &exitError{code: exitUsage}
	}
	fmt.Fprintf(p.stdout, "%s: no errors\n", config.OneLine(file))
	return nil
}
