package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sersync/sersync/bench/internal/child"
	"github.com/sersync/sersync/bench/internal/same"
	"github.com/sersync/sersync/bench/internal/wild"
)

// DifferenceError is Soak's when the replica did not become identical.
type DifferenceError struct {
	Seed     uint64
	Round    int // the first is 1
	Upset    Upset
	Patience time.Duration
	Report   string   // what differs
	History  []string // changes that name what differs, the oldest first
	Dir      string   // where it can be looked at, if it was kept
}

// Error says all of it, on several lines.
func (e *DifferenceError) Error() string {
	text := fmt.Sprintf("seed %d, round %d, upset %s: not identical %v after the last change: %s",
		e.Seed, e.Round, e.Upset, e.Patience, e.Report)
	for _, line := range e.History {
		text += "\n  - " + line
	}
	if e.Dir != "" {
		text += "\n  kept: " + e.Dir
	}
	return text
}

// soak is one run of Soak.
type soak struct {
	SoakConfig
	dir, source, replica string
	server               *child.Rsyncd
	rng                  *rand.Rand // of upsets and pauses, not of changes
	wild                 *wild.Wild
	history              *os.File
	changes              int
	round                int
	upset                Upset
}

// Soak changes a tree at random under a running mirror, lets it come to rest every few seconds, and
// compares the two ends completely. It returns nil after the time and rounds of c, a
// *DifferenceError if the ends differ, and another error if the mirror ended by itself or left
// something behind.
func Soak(ctx context.Context, c SoakConfig) (err error) {
	if err := c.Validate(); err != nil {
		return err
	}
	s := &soak{SoakConfig: c.withDefaults()}
	s.rng = rand.New(rand.NewPCG(s.Seed, 1))
	if err := s.prepare(ctx); err != nil {
		return errors.Join(err, s.remove(nil))
	}
	defer func() { err = errors.Join(err, s.remove(err)) }()
	defer func() { err = errors.Join(err, s.history.Close()) }()
	defer func() { s.server.Stop() }()
	fmt.Fprintf(s.Log, "soak: seed %d, in %s: ", s.Seed, s.dir)
	if err := s.start(ctx); err != nil {
		return err
	}
	// While the server hangs or is away a drain would be in vain; it is back by then.
	defer func() { err = errors.Join(err, s.Mirror.Stop(context.WithoutCancel(ctx))) }()
	defer func() { err = errors.Join(err, s.wild.Settle()) }()
	return s.rounds(ctx)
}

func (s *soak) rounds(ctx context.Context) error {
	if !s.AtOnce {
		if err := s.settled(ctx); err != nil {
			return err
		}
	}
	began := time.Now()
	var turns []Upset
	for s.round < s.Rounds || time.Since(began) < s.For {
		s.round++
		if len(turns) == 0 {
			turns = slices.Clone(s.Upsets)
			s.rng.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
		}
		s.upset, turns = turns[0], turns[1:]
		before := s.changes
		if err := s.disturb(ctx); err != nil {
			return err
		}
		fmt.Fprintf(s.Log, "soak: round %d, upset %s: %d changes, ", s.round, s.upset, s.changes-before)
		if err := s.settled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settled closes what is open, and waits until the replica is identical.
func (s *soak) settled(ctx context.Context) error {
	if err := s.wild.Settle(); err != nil {
		return err
	}
	took, paths, err := s.compare(ctx)
	if err != nil {
		fmt.Fprintln(s.Log, "not identical")
		return err
	}
	fmt.Fprintf(s.Log, "%d paths identical after %v\n", paths, took.Round(time.Millisecond))
	return nil
}

// prepare makes the directories, the rsync daemon, and a tree to begin with.
func (s *soak) prepare(ctx context.Context) (err error) {
	if s.dir, err = os.MkdirTemp(s.Dir, "sersync-soak-"); err != nil {
		return fmt.Errorf("make the soak's directory: %w", err)
	}
	s.source, s.replica = filepath.Join(s.dir, "source"), filepath.Join(s.dir, "replica")
	outside, own := filepath.Join(s.dir, "outside"), filepath.Join(s.dir, "rsyncd")
	if err := makeDirs(s.source, s.replica, outside, own); err != nil {
		return err
	}
	s.wild, err = wild.New(wild.Options{
		Tree: s.source, Outside: outside, Seed: s.Seed, Entries: s.Entries, Large: true,
		Stamps: !slices.ContainsFunc(s.Upsets, Upset.losesEvents),
	})
	if err != nil {
		return err
	}
	if s.history, err = os.Create(s.historyFile()); err != nil {
		return fmt.Errorf("record changes: %w", err)
	}
	if err := s.steps(ctx, 200); err != nil {
		return errors.Join(err, s.history.Close())
	}
	s.server, err = child.StartRsyncd(ctx, s.Rsync, own, map[string]string{"m": s.replica}, false)
	if err != nil {
		return errors.Join(err, s.history.Close())
	}
	return nil
}

func (s *soak) start(ctx context.Context) error {
	return s.Mirror.Start(ctx, s.source, s.server.URL("m"))
}

// steps makes n changes as fast as possible.
func (s *soak) steps(ctx context.Context, n int) error {
	for range n {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		said, err := s.wild.Step()
		if err != nil {
			return err
		}
		if said == "" {
			continue
		}
		s.changes++
		if _, err := fmt.Fprintf(s.history, "%d %s\n", s.round, said); err != nil {
			return fmt.Errorf("record changes: %w", err)
		}
	}
	return nil
}

// change makes changes for one round: bursts, and pauses in which the mirror may come to rest, or
// not quite.
func (s *soak) change(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	for left := s.Steps; time.Now().Before(end) && (s.Steps == 0 || left > 0); {
		n := 1 + s.rng.IntN(30)
		if s.Steps > 0 {
			n = min(n, left)
		}
		if err := s.steps(ctx, n); err != nil {
			return err
		}
		left -= n
		if pause := s.rng.IntN(3); pause > 0 && !sleep(ctx, time.Duration(s.rng.IntN(60*pause))*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
	return nil
}

// compare waits until the replica is identical.
func (s *soak) compare(ctx context.Context) (took time.Duration, paths int, err error) {
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	if err := s.Mirror.Wait(waiting); err != nil && waiting.Err() == nil {
		return 0, 0, err
	}
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		report, err := same.Trees(ctx, s.source, s.replica, same.Options{HardLinks: s.HardLinks})
		took = time.Since(began)
		switch {
		case err != nil:
			return 0, 0, err
		case report.Same():
			return took, report.Paths, nil
		case took > s.Patience:
			return 0, 0, s.difference(report)
		}
		if err := s.Mirror.Wait(waiting); err != nil && waiting.Err() == nil {
			return 0, 0, err
		}
		if !sleep(ctx, pause) {
			return 0, 0, context.Cause(ctx)
		}
	}
}

// remove removes everything, unless it is to be kept.
func (s *soak) remove(why error) error {
	var difference *DifferenceError
	if s.dir == "" || s.Keep && errors.As(why, &difference) {
		return nil
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("remove the soak's directory: %w", err)
	}
	return nil
}
