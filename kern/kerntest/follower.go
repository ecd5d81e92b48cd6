package kerntest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/scan"
)

// patience is how long a test waits for something that has to happen.
const patience = 60 * time.Second

// settlePrefix begins the names of files that Settle makes to see how far decoding has come.
const settlePrefix = ".settle-"

// Config makes a Follower.
type Config struct {
	Dir        string // the tree
	Skip       Skip
	Walkers    int  // 0: 2
	BufferSize int  // 0: 256 KiB; small ones split what belongs together
	TakeEvery  int  // make the replica right after so many buffers; 0: only when settled
	ReapEvery  int  // let so much time pass that watches are given back after so many buffers
	Stalled    bool // Read is not called until Resume
}

// Follower is the least tracker: it does what the package documentation of kern asks for, and
// keeps a Replica by it.
type Follower struct {
	tb      testing.TB
	config  Config
	subject *Subject
	root    *scan.Root
	ctx     context.Context
	stop    context.CancelFunc
	wg      sync.WaitGroup

	filled  chan *kern.Buffer
	free    chan *kern.Buffer
	resume  chan struct{}
	calls   chan func()
	done    chan walk // walks that have ended
	walks   chan walk
	changed chan struct{} // capacity 1: something happened that Settle may wait for

	// Owned by the goroutine that owns the table.
	replica  *Replica
	marks    map[mark]doubt
	waiting  []walk // asked for, not handed to a walker yet
	underWay int    // walks handed out
	walked   int    // walks that have ended
	buffers  int
	seq      uint32
	seen     string // newest settle file of which an event came
	losses   int
	gone     bool
	clock    int64
	emit     func(kern.Event)
}

// walk is an Enter, or for an empty path a Rewalk.
type walk struct {
	path   string
	parent uint64
	mark   mark
	err    error
}

type mark struct {
	dir  kern.DirID
	name string
}

type doubt struct {
	subtree bool
	listing bool
	content bool
}

// Follow starts to follow a tree. It ends with the test.
func Follow(tb testing.TB, f Factory, c Config) *Follower {
	tb.Helper()
	if c.Walkers == 0 {
		c.Walkers = 2
	}
	if c.BufferSize == 0 {
		c.BufferSize = 256 << 10
	}
	root, err := scan.OpenRoot(c.Dir)
	if err != nil {
		tb.Fatal(err)
	}
	w := &Follower{
		tb: tb, config: c, subject: f(tb), root: root,
		filled: make(chan *kern.Buffer, 4), free: make(chan *kern.Buffer, 4),
		resume: make(chan struct{}), calls: make(chan func()), done: make(chan walk),
		walks: make(chan walk), changed: make(chan struct{}, 1), marks: map[mark]doubt{},
	}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.emit = w.event
	if !c.Stalled {
		close(w.resume)
	}
	for range cap(w.free) {
		w.free <- &kern.Buffer{Bytes: make([]byte, 0, c.BufferSize)}
	}
	w.start()
	if err := w.subject.AddRoot(w.ctx, 0, root, c.Skip); err != nil {
		tb.Fatal(err)
	}
	w.do(func() { w.replica = NewReplica(c.Dir, w.skip) })
	return w
}

func (w *Follower) skip(path []byte, isDir bool) bool {
	return strings.HasPrefix(string(path), settlePrefix) ||
		w.config.Skip != nil && w.config.Skip(path, isDir)
}

func (w *Follower) start() {
	w.wg.Go(w.read)
	w.wg.Go(w.own)
	for range w.config.Walkers {
		w.wg.Go(w.walk)
	}
	w.tb.Cleanup(func() {
		w.stop()
		if err := w.subject.Close(); err != nil {
			w.tb.Errorf("close: %v", err)
		}
		w.wg.Wait()
		if err := w.root.Close(); err != nil {
			w.tb.Errorf("close root: %v", err)
		}
	})
}

// Resume lets Read be called after a Stalled start.
func (w *Follower) Resume() { close(w.resume) }

// Losses returns how many losses were reported.
func (w *Follower) Losses() (n int) { w.do(func() { n = w.losses }); return n }

// RootGone reports whether the root was said to be gone.
func (w *Follower) RootGone() (gone bool) { w.do(func() { gone = w.gone }); return gone }

// Watched reports whether the table has a directory at path.
func (w *Follower) Watched(path string) (ok bool) {
	w.do(func() {
		id := w.subject.Table.RootOf(0)
		for name := range strings.SplitSeq(path, "/") {
			if path != "" {
				id = w.subject.Table.Child(id, []byte(name))
			}
		}
		ok = id != kern.NoDir
	})
	return ok
}

// Reap lets an hour pass, again and again, until nothing is left to give back.
func (w *Follower) Reap() {
	if w.subject.Reap == nil {
		return
	}
	w.do(func() {
		for next := int64(1); next != 0; {
			w.clock += int64(time.Hour)
			next = w.subject.Reap(w.clock)
		}
	})
}

// Settle waits until every change made before it was decoded and walked, and makes the replica
// right where events and walks say that it may be wrong.
func (w *Follower) Settle() {
	w.tb.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	// Two rounds without a walk: what the last walk published is taken in, and what it held open
	// is let go, in the second.
	for round, quiet := 0, 0; quiet < 2; round++ {
		walked := 0
		w.do(func() { walked = w.walked + w.underWay + len(w.waiting) })
		w.passBy(ctx, fmt.Sprintf("%s%d-%d", settlePrefix, time.Now().UnixNano(), round))
		if err := w.until(ctx, func() bool { return w.underWay+len(w.waiting) == 0 }); err != nil {
			w.tb.Fatalf("walks do not end: %v", err)
		}
		quiet++
		w.do(func() {
			if w.walked != walked {
				quiet = 0
			}
		})
	}
	w.do(w.take)
}

// passBy makes a file and waits for its event: all earlier events were decoded then. A loss may
// take the event with it.
func (w *Follower) passBy(ctx context.Context, name string) {
	w.tb.Helper()
	for try := 0; ; try++ {
		file := fmt.Sprintf("%s-%d", name, try)
		full := filepath.Join(w.config.Dir, file)
		if err := os.WriteFile(full, nil, 0o600); err != nil {
			w.tb.Fatal(err)
		}
		wait, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := w.until(wait, func() bool { return w.seen == file })
		cancel()
		if rm := os.Remove(full); rm != nil && !errors.Is(rm, os.ErrNotExist) {
			w.tb.Fatal(rm)
		}
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			w.tb.Fatalf("the event of %s does not come", file)
		}
	}
}

// Check settles and compares.
func (w *Follower) Check() {
	w.tb.Helper()
	w.Settle()
	var diff []string
	w.do(func() { diff = w.replica.Diff() })
	if len(diff) > 0 {
		w.tb.Errorf("lost: after %d losses the replica is wrong:\n%s",
			w.Losses(), strings.Join(diff, "\n"))
	}
}

// until waits for a condition on what the owner owns.
func (w *Follower) until(ctx context.Context, condition func() bool) error {
	for {
		ok := false
		w.do(func() { ok = condition() })
		if ok {
			return nil
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// do runs f in the goroutine that owns the table.
func (w *Follower) do(f func()) {
	w.tb.Helper()
	done := make(chan struct{})
	select {
	case w.calls <- func() { f(); close(done) }:
		<-done
	case <-time.After(patience):
		w.tb.Fatal("the owner of the table is stuck")
	}
}

// Len returns how many directories the table has.
func (w *Follower) Len() (n int) { w.do(func() { n = w.subject.Table.Len() }); return n }

func (w *Follower) awaitRootGone() {
	w.tb.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := w.until(ctx, func() bool { return w.gone }); err != nil {
		w.tb.Fatal("nobody said that the root is gone")
	}
}
