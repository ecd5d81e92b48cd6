package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sersync/sersync/bench/internal/child"
)

// Sersync is the program, as a child process. It is a [Mirror], a [Freezer] and a [Killer].
type Sersync struct {
	binary string
	dir    string // its log and state
	args   []string

	proc         *child.Process
	notify       *child.Notify // it also says STOPPING=1
	destinations []string
	startup      time.Duration
}

// NewSersync runs binary with its log and its state directory in dir, and with further flags.
func NewSersync(binary, dir string, args ...string) *Sersync {
	return &Sersync{binary: binary, dir: dir, args: args}
}

// Start implements Mirror: it returns when the program says READY=1.
func (s *Sersync) Start(ctx context.Context, source string, destinations ...string) error {
	notify, err := child.Listen()
	if err != nil {
		return err
	}
	argv := slices.Concat([]string{s.binary, "mirror", "--state-dir", s.state()}, s.args, []string{source}, destinations)
	began := time.Now()
	proc, err := child.Start(child.Options{Argv: argv, Env: []string{notify.Env()}, Log: s.Log()})
	if err != nil {
		return errors.Join(err, notify.Close())
	}
	ready, err := notify.Ready(ctx, proc)
	if err != nil {
		proc.Kill()
		return errors.Join(err, notify.Close())
	}
	s.proc, s.notify, s.destinations, s.startup = proc, notify, destinations, ready.Sub(began)
	return nil
}

// Wait implements Mirror: the program does not tell, so it only says whether it runs.
func (s *Sersync) Wait(context.Context) error {
	select {
	case <-s.proc.Done():
		return fmt.Errorf("sersync ended by itself (%w): %s", errOr(s.proc.Err(), errExitZero), s.proc.Tail())
	default:
		return nil
	}
}

var errExitZero = errors.New("exit code 0")

func errOr(err, instead error) error {
	if err != nil {
		return err
	}
	return instead
}

// stopGrace is more than the program's drain timeout, and its runs' grace.
const stopGrace = 30 * time.Second

// Stop implements Mirror: SIGTERM, and whatever is left of it afterwards is an error.
func (s *Sersync) Stop(context.Context) error {
	if s.proc == nil {
		return nil
	}
	proc := s.proc
	s.proc = nil
	began := time.Now()
	proc.Stop(stopGrace)
	took := time.Since(began)
	err := s.notify.Close()
	if proc.Err() != nil {
		err = fmt.Errorf("sersync, asked to end, ended with %w after %v: %s", proc.Err(), took.Round(time.Millisecond), proc.Tail())
	}
	return errors.Join(err, s.orphans())
}

// Kill implements Killer.
func (s *Sersync) Kill() error {
	proc := s.proc
	s.proc = nil
	proc.Kill()
	return s.notify.Close()
}

// orphans finds runs that outlived the program.
func (s *Sersync) orphans() error {
	words := slices.Clone(s.destinations)
	for i, word := range words {
		words[i] = strings.TrimRight(word, "/")
	}
	if left := child.Naming(words...); len(left) > 0 {
		return fmt.Errorf("sersync has ended and left %d processes: %s", len(left), strings.Join(left, "; "))
	}
	return nil
}

// Freeze implements Freezer.
func (s *Sersync) Freeze() error { return s.proc.Signal(syscall.SIGSTOP) }

// Thaw implements Freezer.
func (s *Sersync) Thaw() error { return s.proc.Signal(syscall.SIGCONT) }

// Startup is how long it took from its start until it was ready.
func (s *Sersync) Startup() time.Duration { return s.startup }

// Usage is what it has used until now.
func (s *Sersync) Usage() (child.Usage, error) { return s.proc.Usage() }

// Log is the file that has what it printed.
func (s *Sersync) Log() string { return filepath.Join(s.dir, "sersync.log") }

func (s *Sersync) state() string { return filepath.Join(s.dir, "state") }

// Sync makes one full pass with `sersync sync` and returns how long it took, and the processor time
// of it and its children.
func (s *Sersync) Sync(ctx context.Context, source, destination string) (took, cpu time.Duration, err error) {
	argv := slices.Concat([]string{s.binary, "sync", "--state-dir", s.state()}, s.args, []string{source, destination})
	return run(ctx, s.Log(), argv...)
}

// run runs a program to its end.
func run(ctx context.Context, log string, argv ...string) (took, cpu time.Duration, err error) {
	began := time.Now()
	p, err := child.Start(child.Options{Argv: argv, Log: log})
	if err != nil {
		return 0, 0, err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Stop(stopGrace)
		return 0, 0, context.Cause(ctx)
	}
	took = time.Since(began)
	if p.Err() != nil {
		return took, p.CPU(), fmt.Errorf("%s ended with %w: %s", strings.Join(argv, " "), p.Err(), p.Tail())
	}
	return took, p.CPU(), nil
}

// makeDirs makes directories and those above them.
func makeDirs(dirs ...string) error {
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make the bench's directories: %w", err)
		}
	}
	return nil
}
