package track

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/sersync/sersync/engine/dirty"
	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/inotify"
)

// maxWalks is how many directories may wait to be entered. Past it the tree is walked as a whole,
// which covers them all.
const maxWalks = 1 << 16

// walkRequest asks for one directory that appeared to be entered.
type walkRequest struct {
	tree   int
	path   string     // where it was when it was asked for
	nameAt int        // path[nameAt:] is its name
	dir    kern.DirID // its parent: what the mark at the end of the walk is about
	parent uint64     // the parent's key
}

func (r walkRequest) name() []byte { return []byte(r.path[r.nameAt:]) }

// walkKey is what makes two requests the same.
type walkKey struct {
	tree int
	path string
}

// walkQueue hands directories to the walkers, oldest first. A directory below one that waits is
// not queued: that walk will come to it.
type walkQueue struct {
	mu      sync.Mutex
	cond    sync.Cond
	waiting map[walkKey]bool
	queue   []walkRequest
	closed  bool
}

func newWalkQueue() *walkQueue {
	q := &walkQueue{waiting: map[walkKey]bool{}}
	q.cond.L = &q.mu
	return q
}

// put queues r. It reports false if there is no room.
func (q *walkQueue) put(r walkRequest) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for path := r.path; ; {
		if q.waiting[walkKey{r.tree, path}] {
			return true
		}
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			break
		}
		path = path[:i]
	}
	if len(q.queue) >= maxWalks {
		return false
	}
	q.waiting[walkKey{r.tree, r.path}] = true
	q.queue = append(q.queue, r)
	q.cond.Signal()
	return true
}

// take waits for a request; ok is false when the queue was closed. What was queued then stays.
func (q *walkQueue) take() (r walkRequest, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.queue) == 0 && !q.closed {
		q.cond.Wait()
	}
	if q.closed {
		return walkRequest{}, false
	}
	r = q.queue[0]
	q.queue[0] = walkRequest{}
	if q.queue = q.queue[1:]; len(q.queue) == 0 {
		q.queue = nil
	}
	delete(q.waiting, walkKey{r.tree, r.path})
	return r, true
}

func (q *walkQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.cond.Broadcast()
}

// markUnwalked puts the directories that were not entered any more in doubt, as the end of their
// walk would have done.
func (t *Tracker) markUnwalked() {
	t.do(func() {
		t.now = time.Now().UnixNano()
		for _, r := range t.walks.queue {
			t.add(r.dir, r.name(), dirty.Subtree)
		}
	})
}

// walk is a walker goroutine.
func (t *Tracker) walk(ctx context.Context) {
	for {
		r, ok := t.walks.take()
		if !ok {
			return
		}
		report, err := t.src.Enter(ctx, r.tree, r.path, r.parent, r.name())
		if err != nil && ctx.Err() == nil {
			t.opts.Log.Warn("watch new directory", "path", r.path, "err", err)
		}
		t.Report(r.tree, report)
		// The end mark, also after an error: what came into the directory before its watches
		// stood raised no event.
		t.do(func() {
			t.now = time.Now().UnixNano()
			t.add(r.dir, r.name(), dirty.Subtree)
		})
	}
}

// Report keeps what a walk could not put under watch.
func (t *Tracker) Report(tree int, r inotify.Report) {
	for _, path := range r.Pending {
		t.opts.Log.Warn("directory can't be read; it is watched once its mode changes", "path", path)
	}
	if len(r.Unwatched) > 0 && t.blind.add(tree, r.Unwatched) && r.Limit != nil {
		t.opts.Log.Error("not every directory can be watched; those are compared every minute",
			"err", r.Limit)
	}
}
