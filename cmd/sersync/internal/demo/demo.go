package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Task is what is to be mirrored.
type Task struct {
	Source      string
	Destination string // rsync's notation
	StateDir    string
	// Ready MUST be called once, when every watch stands.
	Ready func()
	// Sent may be called after each successful run with the paths that it was about, relative to
	// Source. It does not block.
	Sent func(paths []string)
}

// Mirror mirrors until ctx is done, and returns when all that it started has ended.
type Mirror func(ctx context.Context, t Task) error

// Options says what the demo does; Mirror and Out are needed.
type Options struct {
	Mirror Mirror
	Out    io.Writer
	Color  bool
	// Every is the time between two changes, 0: one second.
	Every time.Duration
	// For ends the demo after that long, counted from the first change; 0: when ctx is done.
	For time.Duration
}

// patience is how long a change may take to arrive before the demo gives it up as lost.
const patience = 15 * time.Second

// ErrLost is returned when a change did not arrive.
var ErrLost = errors.New("did not arrive")

// Run runs the demo. It returns nil if ctx or For ended it, and ErrLost, wrapped, if a change did
// not arrive in time.
func Run(ctx context.Context, o Options) (err error) {
	if o.Every == 0 {
		o.Every = time.Second
	}
	dir, err := os.MkdirTemp("", "sersync-demo-")
	if err != nil {
		return fmt.Errorf("make the demo's directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tree, err := plant(filepath.Join(dir, "tree"), filepath.Join(dir, "replica"), 40)
	if err != nil {
		return err
	}
	daemon, err := startRsyncd(ctx, dir, tree.replica)
	if err != nil {
		return err
	}
	defer daemon.stop()

	s := &show{o: o, tree: tree, view: &view{out: o.Out, color: o.Color}, own: newOwn()}
	s.view.linef("tree     %s  (%d files in %d directories; change something in it yourself)",
		s.view.paint("1", tree.source), tree.files, tree.dirs)
	s.view.linef("replica  %s  (behind rsync://127.0.0.1:%d/%s/)", tree.replica, daemon.port, moduleName)
	err = s.run(ctx, Task{
		Source:      tree.source,
		Destination: fmt.Sprintf("rsync://127.0.0.1:%d/%s", daemon.port, moduleName),
		StateDir:    filepath.Join(dir, "state"),
	})
	s.view.summary()
	return err
}

// show is one run of the demo.
type show struct {
	o    Options
	tree *tree
	view *view
	own  *own
}

// run mirrors and makes changes until one of the two ends.
func (s *show) run(ctx context.Context, t Task) error {
	mirroring, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan struct{})
	t.Ready = func() { close(ready) }
	t.Sent = s.sent
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- s.o.Mirror(mirroring, t) }()
	select {
	case err := <-ended:
		return err
	case <-ready:
		s.view.linef("watching after %.0f ms", inMilliseconds(time.Since(began)))
	}
	changing, give := context.WithCancel(ctx)
	defer give()
	changed := make(chan error, 1)
	go func() { changed <- s.change(changing, began) }()
	select {
	case err := <-ended:
		give()
		return errors.Join(err, <-changed)
	case err := <-changed:
		stop()
		return errors.Join(err, <-ended)
	}
}

// change waits for the first pass and then makes one change after the other.
func (s *show) change(ctx context.Context, began time.Time) error {
	arrived, err := s.wait(ctx, 20*time.Millisecond, s.tree.identical)
	if err != nil {
		return fmt.Errorf("the first full pass: %w", err)
	}
	if !arrived {
		return nil
	}
	s.view.linef("replica identical after %.0f ms; from here on: the time from each write until the replica has the same. Ctrl-C ends.",
		inMilliseconds(time.Since(began)))
	// A change under way when the time is up is waited for: For is a length, not a limit.
	var over <-chan time.Time
	if s.o.For > 0 {
		over = time.After(s.o.For)
	}
	tick := time.NewTicker(s.o.Every)
	defer tick.Stop()
	script := &script{tree: s.tree}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-over:
			return nil
		case <-tick.C:
		}
		if err := s.one(ctx, script.next()); err != nil {
			return err
		}
	}
}

// one makes a change and waits until it has arrived.
func (s *show) one(ctx context.Context, c change) error {
	s.own.add(c.paths, time.Now())
	began := time.Now() // before the write: nothing of it is left out
	if err := c.do(); err != nil {
		return fmt.Errorf("%s %s: %w", c.verb, c.name, err)
	}
	arrived, err := s.wait(ctx, 200*time.Microsecond, c.arrived)
	if err != nil {
		return fmt.Errorf("%s %s: %w", c.verb, c.name, err)
	}
	if arrived {
		s.view.arrived(time.Since(began), c.verb, c.name)
	}
	return nil
}

// wait asks again and again until the answer is yes. It returns false if ctx was done first.
func (s *show) wait(ctx context.Context, every time.Duration, question func() bool) (bool, error) {
	deadline, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !question() {
		select {
		case <-tick.C:
		case <-deadline.Done():
			if ctx.Err() != nil {
				return false, nil
			}
			return false, fmt.Errorf("%w within %v", ErrLost, patience)
		}
	}
	return true, nil
}

// sent prints what was sent and is not the demo's own doing.
func (s *show) sent(paths []string) {
	now := time.Now()
	for _, path := range paths {
		if after, yes := s.yours(path, now); yes {
			s.view.yours(after, path)
		}
	}
}

// yours tells whether somebody else changed what was sent, and how long ago, negative: not known. A
// move and a chmod are changes too, so the time is that of the inode.
func (s *show) yours(path string, now time.Time) (after time.Duration, yes bool) {
	if path == "" || s.own.has(path, now) {
		return 0, false
	}
	var st syscall.Stat_t
	if syscall.Lstat(filepath.Join(s.tree.source, path), &st) != nil {
		return -1, true // removed
	}
	after = now.Sub(time.Unix(st.Ctim.Unix()))
	return after, after <= ownFor // later it was looked at again, because of something beside it
}
