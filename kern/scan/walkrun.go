package scan

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sersync/sersync/kern/internal/sys"
)

// walk is one Walk under way.
type walk struct {
	root  *Root
	calls calls
	mount crossing
	opts  WalkOptions
	base  *node // the directory that it starts from

	workers []*worker
	begun   atomic.Int32 // workers that have a goroutine
	wg      sync.WaitGroup

	left    atomic.Int64 // directories found and not done with
	stopped atomic.Bool

	mu   sync.Mutex
	cond sync.Cond    // idle workers wait here, on mu
	idle atomic.Int32 // how many; changed under mu
	err  error        // the first; under mu
}

func newWalk(r *Root, from string, o WalkOptions) *walk {
	w := &walk{root: r, calls: r.calls, mount: r.crossing(o.CrossMounts), opts: o}
	w.cond.L = &w.mu
	w.base = &node{pathLen: len(from), fd: -1}
	if from != "" {
		w.base.name = append([]byte(from[strings.LastIndexByte(from, '/')+1:]), 0)
	}
	w.workers = make([]*worker, o.Workers)
	for i := range w.workers {
		w.workers[i] = &worker{
			walk: w, next: i + 1, keep: max(o.MaxOpen/o.Workers, 4),
			at: w.base, path: []byte(from),
		}
	}
	return w
}

// run walks in the caller's goroutine and in those that share begins.
func (w *walk) run(ctx context.Context, from string, parentKey uint64) error {
	first := w.workers[0]
	w.begun.Store(1)
	w.left.Store(1)
	first.start(ctx, from, parentKey)
	first.run(ctx)
	w.wg.Wait()
	// Kept to the end, because parked directories are found again from here.
	w.base.drop(w.calls, 1, 0)
	return w.err
}

// stop ends the walk. What is queued is then only let go.
func (w *walk) stop(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped.Swap(true) && !errors.Is(err, ErrStop) {
		w.err = err
	}
	w.cond.Broadcast()
}

// halted reports whether to stop, the context included.
func (w *walk) halted(ctx context.Context) bool {
	if w.stopped.Load() {
		return true
	}
	if err := ctx.Err(); err != nil {
		w.stop(err)
		return true
	}
	return false
}

// fail reports what could not be read.
func (w *walk) fail(path []byte, op string, err error) {
	err = &fs.PathError{Op: op, Path: string(path), Err: err}
	if w.opts.Fail == nil {
		w.stop(err)
		return
	}
	w.opts.Fail(path, err)
}

// share lets other workers know that there is more than its owner can take at once.
func (w *walk) share(ctx context.Context) {
	if w.idle.Load() > 0 {
		w.mu.Lock()
		w.cond.Signal()
		w.mu.Unlock()
		return
	}
	n := w.begun.Load()
	if int(n) >= len(w.workers) || !w.begun.CompareAndSwap(n, n+1) {
		return
	}
	w.wg.Go(func() { w.workers[n].run(ctx) })
}

// finished takes one directory off the count; the last one lets everybody go home.
func (w *walk) finished() {
	if w.left.Add(-1) == 0 {
		w.mu.Lock()
		w.cond.Broadcast()
		w.mu.Unlock()
	}
}

// await blocks until there may be something to steal. It returns false at the end of the walk.
func (w *walk) await(thief *worker) (*node, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle.Add(1)
	defer w.idle.Add(-1)
	for {
		if w.left.Load() == 0 {
			return nil, false
		}
		// Looked at after idle was raised: a push before that is seen here, one after it signals.
		if n := thief.steal(); n != nil {
			return n, true
		}
		w.cond.Wait()
	}
}

// openFrom opens the directory that the walk starts from.
func (w *walk) openFrom(from string) (int, error) {
	if from == "" {
		return w.calls.openChild(w.root.fd, []byte(".\x00"), sys.OpenDir, crossing{allowed: true})
	}
	l := w.root.Looker(w.mount.allowed)
	defer l.Close()
	return l.open(from, sys.OpenDir)
}
