package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sersync/sersync/bench"
)

func soakCommand() *cobra.Command {
	var c bench.SoakConfig
	var binary string
	var args, upsets []string
	cmd := &cobra.Command{
		Use:   "soak [flags]",
		Short: "change a tree at random under a running sersync, and compare the ends every few seconds",
		Long: `Changes a tree at random under a running sersync, lets it come to rest every few seconds, and compares
source and replica completely. The seed is printed; the same seed makes the same changes.

Each round has one upset of --upset: none; server (the rsync daemon is gone for a while);
hang (it is stopped for a while); restart and kill (sersync is, and changes go on); freeze (sersync
is stopped for a while, and the kernel's queue overflows).`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			own, err := os.MkdirTemp(c.Dir, "sersync-soak-program-")
			if err != nil {
				return err
			}
			for _, name := range upsets {
				c.Upsets = append(c.Upsets, bench.Upset(name))
			}
			// A soak deletes more in an hour, unseen, than is let through unasked.
			args = append(args, "--max-delete=none")
			if c.HardLinks {
				args = append(args, "--hard-links")
			}
			c.Mirror, c.Log = bench.NewSersync(binary, own, args...), cmd.ErrOrStderr()
			err = bench.Soak(cmd.Context(), c)
			if err != nil && c.Keep {
				return fmt.Errorf("%w\nkept: %s", err, filepath.Join(own, "sersync.log"))
			}
			return errors.Join(err, os.RemoveAll(own))
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&binary, "binary", filepath.Join("bin", "sersync"), "soak this sersync")
	flags.StringArrayVar(&args, "arg", nil, "give sersync this further argument; may be repeated")
	flags.StringVar(&c.Rsync, "rsync", "", "use this rsync for the daemon (default the one in PATH)")
	flags.StringVar(&c.Dir, "dir", "", "work in a directory of this one (default the system's for temporary files)")
	flags.Uint64Var(&c.Seed, "seed", 0, "make the changes of this seed (default: one is drawn, and printed)")
	flags.DurationVar(&c.For, "for", 0, "go on for so long")
	flags.IntVar(&c.Rounds, "rounds", 1, "go on for at least so many rounds")
	flags.DurationVar(&c.Round, "round", 0, "change the tree for so long between two comparisons (default 3s)")
	flags.IntVar(&c.Steps, "steps", 0, "make at most so many changes between two comparisons")
	flags.DurationVar(&c.Patience, "patience", 0, "how long a replica may take to be identical (default 1m)")
	flags.IntVar(&c.Entries, "entries", 0, "about how many names the tree has (default 2000)")
	flags.BoolVar(&c.HardLinks, "hard-links", false, "demand that hard links are hard links on the replica")
	flags.BoolVar(&c.AtOnce, "at-once", false, "change the tree while the first pass is under way")
	flags.StringSliceVar(&upsets, "upset", nil, "these in random order, one a round, and again (default none)")
	flags.BoolVar(&c.Keep, "keep", false, "keep both trees when they differ, and the log of one that failed")
	return cmd
}
