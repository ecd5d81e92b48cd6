package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sersync/sersync/cmd/sersync/internal/demo"
	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/task"
)

func (p *program) demoCommand() *cobra.Command {
	var length time.Duration
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "show it at work on a tree and an rsync daemon of its own",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return p.demo(cmd.Context(), length) },
		// make run is the way to it.
		Hidden: true,
	}
	cmd.Flags().DurationVar(&length, "for", 0, "end after that long (default: with Ctrl-C)")
	return cmd
}

func (p *program) demo(ctx context.Context, length time.Duration) error {
	o := demo.Options{
		Mirror: p.mirrorDemo, Out: p.stdout, For: length,
		Color: isTerminal(p.stdout) && os.Getenv("NO_COLOR") == "",
	}
	stops := stopping{log: slog.New(slog.DiscardHandler), force: func() { os.Exit(exitInterrupted) }}
	err := stops.run(ctx, func(ctx context.Context) error { return demo.Run(ctx, o) })
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// mirrorDemo is what mirror does, with the demo to tell.
func (p *program) mirrorDemo(ctx context.Context, t demo.Task) error {
	cfg, err := new(pairFlags).config(t.Source, []string{t.Destination})
	if err != nil {
		return err
	}
	eng, err := engine.New(engine.Options{
		Config:   cfg,
		Log:      slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		StateDir: t.StateDir, FullSync: true, Stdout: p.stdout,
		OnReady: t.Ready, Observers: []task.Observer{sentPaths(t.Sent)},
	})
	if err != nil {
		return err
	}
	return eng.Run(ctx)
}

// sentPaths tells the paths of each run that succeeded.
type sentPaths func(paths []string)

// Observe implements task.Observer.
func (sent sentPaths) Observe(o *task.Outcome) {
	if o.Err != nil || o.Plan == nil || o.Plan.Kind == task.KindTree && len(o.Plan.Items) == 1 && o.Plan.Items[0].Path == "" {
		return
	}
	paths := make([]string, len(o.Plan.Items))
	for i, listed := range o.Plan.Items {
		paths[i] = listed.Path
	}
	sent(paths)
}
