package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `sersync watches directory trees and mirrors them to other machines with rsync, as they change.

Without a subcommand it mirrors what a configuration file says: sersync2's confxml.xml or its own
YAML. Called as sersync2 it does the same; sersync2's flags mean what they meant there:

  sersync2 -d -r -o /etc/sersync/confxml.xml      into the background, a full pass first
  sersync2 -dr -n8                                the same with ./confxml.xml, 8 runs per target`

const mirrorExample = `  sersync mirror /data/www backup1::www backup2::www
  sersync mirror -d --delete /data user@host:/data`

// plugins are the names that sersync2's -m knew.
var plugins = []string{"refreshCDN", "socket", "command", "http"}

// configFlags are those of the form without a subcommand, which is sersync2's.
type configFlags struct {
	daemonFlags
	config   string
	plugin   string
	fullSync bool
}

func (f *configFlags) bind(flags *pflag.FlagSet) {
	flags.BoolVarP(&f.fullSync, "full-sync", "r", false, "make a full pass over every tree first")
	bindConfig(flags, &f.config)
	f.daemonFlags.bind(flags)
	flags.StringVarP(&f.plugin, "plugin", "m", "", "run only the plugin `NAME` (not yet)")
}

func bindConfig(flags *pflag.FlagSet, file *string) {
	flags.StringVarP(file, "config", "o", "",
		"configuration `FILE`, XML or YAML (default: confxml.xml in the working\n"+
			"directory, beside the executable, or in /etc/sersync, the first that exists)")
}

func (p *program) rootCommand() *cobra.Command {
	f := new(configFlags)
	root := &cobra.Command{
		Use:   p.name + " [flags]",
		Short: "mirror directory trees with rsync, as they change",
		Long:  rootLong,
		// Errors are printed once, in one line, by run.
		SilenceUsage: true, SilenceErrors: true,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("plugin") {
				return noPlugin(f.plugin)
			}
			return p.runConfig(cmd.Context(), f)
		},
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(flagError)
	root.SuggestionsMinimumDistance = 2
	root.CompletionOptions.HiddenDefaultCmd = true
	f.bind(root.Flags())
	root.Flags().SortFlags = false
	root.AddCommand(
		p.mirrorCommand(), p.syncCommand(), p.checkCommand(), p.convertCommand(), p.versionCommand(), p.demoCommand(),
	)
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Short = "print the help of a command"
		}
	}
	return root
}

// unknownCommand refuses arguments: they are meant as a subcommand, or as sersync2's never were.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = " (did you mean " + near[0] + "?)"
	}
	return fmt.Errorf("there is no command %q%s; see %s --help", args[0], hint, cmd.CommandPath())
}

// noArguments refuses any.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no arguments, but was given %q; see %s --help", cmd.Name(), args[0], cmd.CommandPath())
}

// atLeast refuses fewer arguments than n.
func atLeast(n int, usage string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= n {
			return nil
		}
		return fmt.Errorf("%s needs %s; see %s --help", cmd.Name(), usage, cmd.CommandPath())
	}
}

// noPlugin refuses -m. sersync2 ran a plugin then, and mirrored nothing.
func noPlugin(name string) error {
	if !slices.Contains(plugins, name) {
		return fmt.Errorf("-m %s: there is no such plugin; nothing was started; leave out -m to mirror", name)
	}
	return fmt.Errorf("-m %s: plugins come with a later version; nothing was started; leave out -m to mirror", name)
}
