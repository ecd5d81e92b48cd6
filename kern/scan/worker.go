package scan

import (
	"context"
	"errors"
	"syscall"

	"github.com/sersync/sersync/kern/internal/sys"
)

const (
	// queueHigh is how many directories may wait in a worker's queue before it stops reading a
	// large one after the present buffer, and queueLow the number at which it takes that up again.
	queueHigh = 4096
	queueLow  = 64
	// suspendedMax bounds the directories read in part; each holds a descriptor.
	suspendedMax = 32
)

// worker is one goroutine of a walk.
type worker struct {
	walk  *walk
	next  int // whom to steal from first
	queue queue

	suspended []*node // large directories, read in part
	fresh     []*node // found in the present buffer, not queued yet
	stolen    []*node
	kept      []*node // open because children wait, oldest first; some are closed meanwhile
	keep      int     // how many may be

	at    *node  // whose path path is
	path  []byte // of at, then scratch
	chain []*node

	dir  Dir
	raw  sys.Statx
	stat Stat
}

// start opens the directory that the walk starts from and reads it. It is left with one pending
// more than it has children, which the walk releases at its end.
func (w *worker) start(ctx context.Context, from string, parentKey uint64) {
	base := w.walk.base
	base.pending = 1
	stamp := w.stamp()
	fd, err := w.walk.openFrom(from)
	switch {
	case sys.Gone(err) || errors.Is(err, syscall.EXDEV):
	case err != nil:
		w.walk.fail(w.path, "open", err)
	default:
		base.fd = fd
		base.pending++
		w.enter(ctx, base, parentKey, stamp)
		return
	}
	w.walk.finished()
}

// run takes directories until the walk has none left.
func (w *worker) run(ctx context.Context) {
	for {
		n, ok := w.take()
		if !ok {
			return
		}
		if n.reading {
			w.read(ctx, n)
			continue
		}
		w.visit(ctx, n)
	}
}

// take returns the next directory: its own newest, one suspended if few are waiting, or another
// worker's.
func (w *worker) take() (*node, bool) {
	if last := len(w.suspended) - 1; last >= 0 && w.queue.len() <= queueLow {
		n := w.suspended[last]
		w.suspended[last] = nil
		w.suspended = w.suspended[:last]
		return n, true
	}
	if n := w.queue.pop(); n != nil {
		return n, true
	}
	if n := w.steal(); n != nil {
		return n, true
	}
	return w.walk.await(w)
}

// steal takes from the first worker that has something and returns one of it.
func (w *worker) steal() *node {
	all := w.walk.workers
	for i := range all {
		victim := all[(w.next+i)%len(all)]
		if victim == w {
			continue
		}
		w.stolen = victim.queue.steal(w.stolen[:0])
		if last := len(w.stolen) - 1; last >= 0 {
			n := w.stolen[last]
			if last > 0 {
				w.queue.push(w.stolen[:last])
			}
			clear(w.stolen)
			return n
		}
	}
	return nil
}

// visit opens a directory relative to its parent, enters and reads it.
func (w *worker) visit(ctx context.Context, n *node) {
	parent := n.parent
	if w.walk.halted(ctx) {
		w.drop(parent, 1, 0)
		w.walk.finished()
		return
	}
	stamp := w.stamp()
	fd, err := w.open(n)
	w.drop(parent, 1, 0)
	switch {
	case errors.Is(err, syscall.EXDEV) || sys.Gone(err):
		// A mount point; or it left, or is something else now.
	case err != nil:
		w.walk.fail(w.pathTo(n), "open", err)
	default:
		n.fd, n.pending = fd, 1
		w.enter(ctx, n, parent.key, stamp)
		return
	}
	w.walk.finished()
}

// open opens n relative to its parent.
func (w *worker) open(n *node) (int, error) {
	dirfd := n.parent.acquire()
	if dirfd < 0 {
		if err := w.reopen(n.parent); err != nil {
			return -1, err
		}
		return w.open(n)
	}
	defer w.drop(n.parent, 0, 1)
	return w.walk.calls.openChild(dirfd, n.name, sys.OpenDir, w.walk.mount)
}

// enter calls Enter for the open directory n and reads it.
func (w *worker) enter(ctx context.Context, n *node, parentKey uint64, stamp uint32) {
	descend := true
	if enter := w.walk.opts.Enter; enter != nil {
		w.dir = Dir{FD: n.fd, Parent: parentKey, Stamp: stamp, Name: n.base(), Path: w.pathTo(n)}
		var err error
		if n.key, descend, err = enter(&w.dir); err != nil {
			w.walk.stop(err)
			descend = false
		}
	}
	if !descend {
		w.leave(n)
		return
	}
	w.read(ctx, n)
}

// leave ends the reading of n. It stays open while children wait.
func (w *worker) leave(n *node) {
	n.reading = false
	w.drop(n, 1, 0)
	if n.open() {
		w.hold(n)
	}
	w.walk.finished()
}

func (w *worker) stamp() uint32 {
	if w.walk.opts.Stamp == nil {
		return 0
	}
	return w.walk.opts.Stamp()
}
