package track

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sersync/sersync/engine/dirty"
	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/inotify"
	"github.com/sersync/sersync/kern/scan"
)

// ErrEnded is returned by Next when the Tracker has ended and everything was handed out.
var ErrEnded = errors.New("track: ended")

// Source is what the tracker needs of a backend.
type Source interface {
	kern.Source
	// Enter puts the directory name, in the directory that has parentKey, and all below it under
	// watch. path is where the table says it is.
	Enter(ctx context.Context, tree int, path string, parentKey uint64, name []byte) (inotify.Report, error)
	// Rewalk does so with the whole tree, after a loss.
	Rewalk(ctx context.Context, tree int) (inotify.Report, error)
	// Reap removes watches of directories that left the trees. It is called by the owner of the
	// table; the answer is when to call it again, 0: not before the next Decode.
	Reap(now int64) (next int64)
	// Revisit tries again to watch a directory that could not be watched, and all below it.
	Revisit(ctx context.Context, tree int, path string) (inotify.Report, error)
}

// Tree is one watched tree.
type Tree struct {
	// Root returns the directory that is pinned now; nil while there is none.
	Root     func() *scan.Root
	Rules    *filter.Rules
	Switches Switches
}

// Options make a Tracker.
type Options struct {
	Source Source
	Table  *kern.DirTable // the one that the Source decodes with
	Trees  []Tree         // by tree number
	Log    *slog.Logger
	Dirty  dirty.Options
	// Walkers is how many directories are entered at once. Default 2; each walk is itself parallel.
	Walkers int
	// Buffers is how many reads may wait for the tracker, each of BufferSize bytes.
	// Default 32 of 256 KiB: a storm that outruns the tracker fills 8 MiB here before the
	// kernel's queue begins to fill. 64 KiB would do for throughput; more saves wake-ups.
	Buffers, BufferSize int
	// RootGone is told that the root directory of a tree was moved, deleted or unmounted.
	RootGone func(tree int)
	// PassLength is how long the last full pass took, for the pause between recoveries.
	PassLength func() time.Duration
}

func (o Options) withDefaults() Options {
	if o.Walkers <= 0 {
		o.Walkers = 2
	}
	if o.Buffers <= 0 {
		o.Buffers = 32
	}
	if o.BufferSize <= 0 {
		o.BufferSize = 256 << 10
	}
	if o.RootGone == nil {
		o.RootGone = func(int) {}
	}
	if o.PassLength == nil {
		o.PassLength = func() time.Duration { return 0 }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Tracker follows the trees of one Source.
type Tracker struct {
	opts Options
	src  Source

	filled chan *kern.Buffer // reader → tracker
	free   chan *kern.Buffer // tracker → reader
	asks   chan *ask         // dispatcher → tracker
	wake   chan struct{}     // anyone → tracker: look at the marks; capacity 1
	calls  chan func()       // anyone → tracker: run this in its goroutine
	walks  *walkQueue        // tracker → walkers
	lost   lossMark          // tracker → recovery
	// linkScan asks for a scan of hard links; capacity 1.
	linkScan chan struct{}
	ended    chan struct{} // the tracker goroutine has ended
	gone     chan struct{} // closed by Abandon
	once     sync.Once

	// Owned by the tracker goroutine.
	table   *kern.DirTable
	set     *dirty.Set
	seq     uint32 // of the buffer being decoded
	now     int64  // wall clock of that decoding
	reuse   dirty.Batch
	reapAt  int64 // when the Source wants to be reaped; 0: it does not
	paths   pathBuilder
	links   links
	emitFn  func(kern.Event)
	scratch []byte
	waiting *ask // the dispatcher's, not yet answered

	// Fixed at the start.
	byName   *filter.Rules // rules on names alone, the same for every tree; nil: judged by path
	noAttrib bool

	base  atomic.Int64 // reads up to the end of the first walk, or noCover; see covered
	blind blindSpots

	mu    sync.Mutex
	marks [][]task.Debt // by tree: marked by hand, for the next batch

	stats counters
}

type counters struct {
	events, buffers, batches, excluded, orphans, losses, refused atomic.Int64
}

// Stats are counts since the start.
type Stats struct {
	Events   int64 // decoded
	Buffers  int64 // read
	Batches  int64 // handed out
	Excluded int64 // names that the rules exclude
	Orphans  int64 // names whose directory has left the tree
	Losses   int64 // queue overflows
	Refused  int64 // times that the dirty set was full and reading stopped
}

// New returns a Tracker. Nothing runs yet.
func New(o Options) *Tracker {
	o = o.withDefaults()
	t := &Tracker{
		opts: o, src: o.Source, table: o.Table,
		filled: make(chan *kern.Buffer, o.Buffers), free: make(chan *kern.Buffer, o.Buffers),
		asks: make(chan *ask), wake: make(chan struct{}, 1), calls: make(chan func()),
		walks: newWalkQueue(), lost: lossMark{wake: make(chan struct{}, 1)},
		blind: blindSpots{wake: make(chan struct{}, 1)},
		links: newLinks(), linkScan: make(chan struct{}, 1),
		ended: make(chan struct{}), gone: make(chan struct{}),
		set: dirty.New(o.Dirty), marks: make([][]task.Debt, len(o.Trees)),
		byName: commonNameRules(o.Trees), noAttrib: true,
	}
	t.base.Store(noCover)
	for _, tree := range o.Trees {
		t.noAttrib = t.noAttrib && tree.Switches.NoAttrib
	}
	for range o.Buffers {
		t.free <- &kern.Buffer{Bytes: make([]byte, 0, o.BufferSize)}
	}
	t.emitFn = t.emit
	return t
}

// commonNameRules returns the rules if they are the same for all trees and ask for no more than
// the name, so that an excluded file costs no more than one look.
func commonNameRules(trees []Tree) *filter.Rules {
	for _, tree := range trees {
		if tree.Rules != trees[0].Rules || tree.Rules.NeedsPath() {
			return nil
		}
	}
	if len(trees) == 0 || trees[0].Rules.Empty() {
		return nil
	}
	return trees[0].Rules
}

// ScanLinks looks for all files with several names in the background.
func (t *Tracker) ScanLinks() {
	select {
	case t.linkScan <- struct{}{}:
	default:
	}
}

// Standing says that the first walk of every tree has ended, at this number of reads.
func (t *Tracker) Standing(reads uint32) { t.base.Store(int64(reads)) }

// Stats returns the counts; any goroutine may ask.
func (t *Tracker) Stats() Stats {
	c := &t.stats
	return Stats{
		c.events.Load(), c.buffers.Load(), c.batches.Load(), c.excluded.Load(),
		c.orphans.Load(), c.losses.Load(), c.refused.Load(),
	}
}

// Run reads, decodes and walks until ctx ends, and returns when every goroutine that it began has
// ended. It closes the Source.
func (t *Tracker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var walkers, g errgroup.Group
	for range t.opts.Walkers {
		walkers.Go(func() error { t.walk(ctx); return nil })
	}
	walkers.Go(func() error { t.recover(ctx); return nil })
	walkers.Go(func() error { t.revisit(ctx); return nil })
	walkers.Go(func() error { t.linkScans(ctx); return nil })
	g.Go(func() error {
		defer cancel() // without the reader nothing is seen any more
		return t.read()
	})
	g.Go(func() error { t.track(); return nil })
	g.Go(func() error {
		<-ctx.Done()
		// The last marks of the walkers first, for which the tracker must be there; then what the
		// kernel still holds, after which the reader ends, with it the ring, with that the tracker.
		t.walks.close()
		_ = walkers.Wait() // they return no errors
		t.markUnwalked()
		t.src.Finish()
		return nil
	})
	return errors.Join(g.Wait(), t.src.Close())
}

// read moves whole buffers from the kernel to the tracker.
func (t *Tracker) read() error {
	defer close(t.filled)
	for b := range t.free {
		if err := t.src.Read(b); errors.Is(err, kern.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		t.filled <- b // has room for every buffer that exists
	}
	return nil
}

// do runs f in the tracker's goroutine and waits for it; it reports false if the tracker ended.
func (t *Tracker) do(f func()) bool {
	done := make(chan struct{})
	select {
	case t.calls <- func() { f(); close(done) }:
		<-done
		return true
	case <-t.ended:
		return false
	case <-t.gone:
		return false
	}
}

// Mark makes a part of a tree dirty by hand. It goes out with the next batch, at once.
func (t *Tracker) Mark(tree int, d task.Debt) {
	t.mu.Lock()
	t.marks[tree] = append(t.marks[tree], d)
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Abandon makes the tracker end without waiting for anyone to take what is dirty.
func (t *Tracker) Abandon() { t.once.Do(func() { close(t.gone) }) }
