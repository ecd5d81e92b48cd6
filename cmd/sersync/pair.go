package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sersync/sersync/engine/config"
)

// commandFlags are a command's own flags, beside those of its SRC and DSTs.
type commandFlags interface {
	bind(flags *pflag.FlagSet)
	check() error
}

// pairCommand makes cmd a command of SRC DST...: run does what it is for, with what they stand for.
func pairCommand(
	cmd *cobra.Command, own commandFlags, run func(context.Context, *config.Config) error,
) *cobra.Command {
	pair := new(pairFlags)
	own.bind(cmd.Flags())
	pair.bind(cmd.Flags())
	cmd.Flags().SortFlags = false
	cmd.Args = atLeast(2, "SRC and at least one DST")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := own.check(); err != nil {
			return err
		}
		cfg, err := pair.config(args[0], args[1:])
		if err != nil {
			return err
		}
		return run(cmd.Context(), cfg)
	}
	return cmd
}

// pairFlags say how SRC DST... are mirrored, where there is no configuration that says it.
type pairFlags struct {
	o        config.FlagOptions
	excludes []string
}

func (f *pairFlags) bind(flags *pflag.FlagSet) {
	o := &f.o
	flags.StringArrayVar(&f.excludes, "exclude", nil, "leave out what rsync's `PATTERN` matches, and keep it on targets")
	flags.StringArrayVar(&o.Filter, "filter", nil, "one of rsync's filter `RULE`s, as '- *.o', '+ /keep', 'P /theirs'")
	flags.BoolVar(&o.TempFiles, "skip-temp-files", false, "leave out sersync2's temporary names: .name, name~, 4913")
	flags.StringVarP(&o.RSH, "rsh", "e", "", "`COMMAND` of the remote shell, as 'ssh -p 2222'")
	flags.IntVar(&o.Port, "port", 0, "`PORT` of rsync daemons")
	flags.StringVar(&o.PasswordFile, "password-file", "", "the rsync daemon's password is in `FILE`")
	flags.DurationVar(&o.Timeout, "timeout", 0, "end a run without traffic for that long (`DURATION`, as 60s)")
	flags.BoolVarP(&o.HardLinks, "hard-links", "H", false, "keep hard links")
	flags.BoolVar(&o.CrossMounts, "cross-mounts", false, "mirror also what is mounted below SRC")
	flags.StringVar(&o.OpenFiles, "open-files", "",
		"send a file that is being written after `DURATION`, or only at its\nclose, or 0: at every modification (default 5m)")
	flags.StringVar(&o.Delete, "delete-mode", "",
		"what may be deleted on targets, `MODE`: auto, never, live (seen leaving),\nfull (and by full passes), always (default auto)")
	flags.StringVar(&o.MaxDelete, "max-delete", "",
		"hold deletions that nobody saw happen above `N` names, or N%, an hour")
	flags.StringVar(&o.BwLimit, "bwlimit", "", "at most `RATE` for each target, in rsync's notation")
	flags.BoolVar(&o.Cold, "no-warm", false, "keep no connection ready between changes")
	flags.StringArrayVar(&o.Rsync, "rsync", nil, "a further `OPTION` for rsync, as --rsync=-z")
}

// config is what SRC DST... stand for.
func (f *pairFlags) config(source string, targets []string) (*config.Config, error) {
	o := f.o
	for _, pattern := range f.excludes {
		o.Filter = append(o.Filter, "- "+pattern)
	}
	return config.FromFlags(source, targets, o)
}
