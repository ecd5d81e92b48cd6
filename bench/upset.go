package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// disturb makes the changes of one round, with its upset somewhere in between.
func (s *soak) disturb(ctx context.Context) error {
	if s.upset == UpsetNone {
		return s.change(ctx, s.Round)
	}
	if err := s.change(ctx, s.Round/3); err != nil {
		return err
	}
	if err := s.strike(ctx); err != nil {
		return fmt.Errorf("upset %s: %w", s.upset, err)
	}
	return s.change(ctx, s.Round/3)
}

// strike lets it happen, with changes meanwhile, and mends it.
func (s *soak) strike(ctx context.Context) error {
	during := s.Round / 3
	switch s.upset {
	case UpsetServer:
		s.server.Stop()
		err := s.change(ctx, during)
		return errors.Join(err, s.server.Start(context.WithoutCancel(ctx)))
	case UpsetHang:
		if err := s.server.Freeze(); err != nil {
			return err
		}
		err := s.change(ctx, during)
		return errors.Join(err, s.server.Thaw())
	case UpsetRestart:
		return s.away(ctx, during, func() error { return s.Mirror.Stop(ctx) })
	case UpsetKill:
		return s.away(ctx, during, s.Mirror.(Killer).Kill)
	case UpsetFreeze:
		mirror := s.Mirror.(Freezer)
		if err := mirror.Freeze(); err != nil {
			return err
		}
		err := errors.Join(s.change(ctx, during), s.flood(ctx))
		return errors.Join(err, mirror.Thaw())
	default:
		return nil
	}
}

// away ends the mirror, changes the tree, also after everything was closed, and starts it again.
func (s *soak) away(ctx context.Context, d time.Duration, end func() error) error {
	if err := end(); err != nil {
		return err
	}
	if err := s.change(ctx, d); err != nil {
		return err
	}
	return s.start(ctx)
}

// flood makes more events than the kernel's queue holds, on few names, and leaves a tree that did
// not change by it.
func (s *soak) flood(ctx context.Context) error {
	const usual = 16384 // fs.inotify.max_queued_events, where it can't be read
	limit := usual
	if text, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events"); err == nil {
		if n, err := strconv.Atoi(string(text[:len(text)-1])); err == nil {
			limit = n
		}
	}
	if _, err := fmt.Fprintf(s.history, "%d flood of %d events\n", s.round, limit); err != nil {
		return fmt.Errorf("record changes: %w", err)
	}
	// Two names in turn: the kernel merges an event only with the one before.
	names := []string{filepath.Join(s.source, ".flood1"), filepath.Join(s.source, ".flood2")}
	for i := range limit/2 + 100 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		f, err := os.Create(names[i%2])
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return s.steps(ctx, 50)
}
