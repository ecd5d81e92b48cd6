package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sersync/sersync/engine/config"
)

func (p *program) convertCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "convert [-o FILE]",
		Short: "print the YAML that means the same as a sersync2 configuration",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return p.convert(file) },
	}
	bindConfig(cmd.Flags(), &file)
	return cmd
}

func (p *program) convert(given string) error {
	file, err := findConfig(given)
	if err != nil {
		return err
	}
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	text, err := cfg.YAML()
	if err != nil {
		return err
	}
	if _, err := p.stdout.Write(text); err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}
	return nil
}
