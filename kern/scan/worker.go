package scan

import (
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
func (w *worker) start(from string, parentKey uint64) {
	base := w.walk.base
	base.pending = 1
	stamp := w.stamp()
	fd, err := w.walk.openFrom(from)
	switch {
	case sys.Gone(err) || err == syscall.EXDEV:
	case err != nil:
		w.walk.fail(w.path, "open", err)
	default:
		base.fd = fd
		base.pending++
		w.enter(base, parentKey, stamp)
		return
	}
	w.walk.finished()
}

// run takes directories until the walk has none left.
func (w *worker) run() {
	for {
		n, ok := w.take()
		if !ok {
			return
		}
		if n.reading {
			w.read(n)
			continue
		}
		w.visit(n)
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
func (w *worker) visit(n *node) {
	parent := n.parent
	if w.walk.halted() {
		w.drop(parent, 1, 0)
		w.walk.finished()
		return
	}
	stamp := w.stamp()
	fd, err := w.open(n)
	w.drop(parent, 1, 0)
	switch {
	case err == syscall.EXDEV || sys.Gone(err): // a mount point; or it left, or is something else now
	case err != nil:
		w.walk.fail(w.pathTo(n), "open", err)
	default:
		n.fd, n.pending = fd, 1
		w.enter(n, parent.key, stamp)
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

// reopen finds a parked directory again, from the nearest one above that is open.
func (w *worker) reopen(n *node) error {
	w.chain = append(w.chain[:0], n)
	up := n.parent
	fd := up.acquire()
	for fd < 0 {
		w.chain = append(w.chain, up)
		up = up.parent
		fd = up.acquire()
	}
	defer w.drop(up, 0, 1)
	dirfd := fd
	for i := len(w.chain) - 1; i >= 0; i-- {
		next, err := w.walk.calls.openChild(dirfd, w.chain[i].name, sys.OpenPath, w.walk.mount)
		if dirfd != fd {
			sys.Close(dirfd)
		}
		if sys.Gone(err) || err == syscall.EXDEV {
			// Not necessarily deleted: it, or one above it, may have another name now.
			return ErrMoved
		}
		if err != nil {
			return err
		}
		dirfd = next
	}
	if !n.unpark(w.walk.calls, dirfd) {
		return ErrMoved
	}
	w.hold(n)
	return nil
}

// enter calls Enter for the open directory n and reads it.
func (w *worker) enter(n *node, parentKey uint64, stamp uint32) {
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
	w.read(n)
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

// drop is node.drop; what that opened in passing counts as kept.
func (w *worker) drop(n *node, pending, users int) {
	if up := n.drop(w.walk.calls, pending, users); up != nil {
		w.hold(up)
	}
}

// hold notes that n stays open. When this worker holds its share of descriptors, the quarter that
// is needed last, the oldest, is parked.
func (w *worker) hold(n *node) {
	w.kept = append(w.kept, n)
	if len(w.kept) < w.keep {
		return
	}
	open := w.kept[:0]
	for _, k := range w.kept {
		if k.open() {
			open = append(open, k)
		}
	}
	if len(open) > w.keep*3/4 {
		oldest := max(w.keep/4, 1)
		for _, k := range open[:oldest] {
			if k.parent != nil {
				k.park(w.walk.calls)
			}
		}
		open = append(open[:0], open[oldest:]...)
	}
	clear(w.kept[len(open):])
	w.kept = open
}

func (w *worker) stamp() uint32 {
	if w.walk.opts.Stamp == nil {
		return 0
	}
	return w.walk.opts.Stamp()
}
