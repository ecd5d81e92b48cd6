package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sersync/sersync/bench"
)

func runCommand() *cobra.Command {
	var c bench.Config
	cmd := &cobra.Command{
		Use:   "run [flags] [SCENARIO...]",
		Short: "run scenarios, all if none is named, and print what they reached against their targets",
		Long: `Runs scenarios, all if none is named. Each makes its own tree, rsync daemons and replicas, and
removes them. Results are lines of Go's benchmark format, then a table with targets.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Scenarios, c.Out, c.Log = args, cmd.OutOrStdout(), cmd.ErrOrStderr()
			_, err := bench.Run(cmd.Context(), c)
			return err
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&c.Binary, "binary", "", "measure this sersync (default bin/sersync)")
	flags.StringArrayVar(&c.Args, "arg", nil, "give sersync this further argument; may be repeated")
	flags.StringVar(&c.Rsync, "rsync", "", "use this rsync for daemons and comparisons (default the one in PATH)")
	flags.StringVar(&c.Dir, "dir", "", "work in a directory of this one (default the system's for temporary files)")
	flags.Float64Var(&c.Scale, "scale", 1, "multiply the number of files and changes")
	flags.IntVar(&c.Files, "files", 0, "make exactly so many files")
	flags.IntVar(&c.Changes, "changes", 0, "measure exactly so many changes")
	flags.Int64Var(&c.Bytes, "bytes", 0, "size of the large file (default 2 GiB)")
	flags.IntVar(&c.Count, "count", 1, "run each scenario so often; benchstat wants 6 or more")
	flags.IntVar(&c.Pairs, "pairs", 3, "measure both sides of a ratio so often within a run")
	flags.DurationVar(&c.Pause, "pause", 0, "time between two changes (default the scenario's)")
	flags.DurationVar(&c.Idle, "idle", 0, "how long to watch it do nothing (default 1m)")
	flags.DurationVar(&c.Patience, "patience", 0, "how long anything may take to arrive (default 5m)")
	flags.BoolVar(&c.Keep, "keep", false, "keep the directory of a scenario that failed")
	return cmd
}

func listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "list the scenarios",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			for _, s := range bench.Scenarios() {
				fmt.Fprintf(t, "%s\t%s\n", s.Name, s.Summary)
			}
			return t.Flush()
		},
	}
}
