package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// rootAttrsAfter is how long after a run wrote into the root of a target the root's own attributes
// are sent. rsync sends those of every other directory with what is in it; the root's take a run.
const rootAttrsAfter = time.Second

// rootAttrs owes a target the attributes of the root after runs that moved its mtime there: every
// file is first written under another name in its directory.
type rootAttrs struct {
	owe   func()
	moved chan struct{} // capacity 1

	mu    sync.Mutex
	ended bool // nobody is going to wait a second any more
}

func newRootAttrs(owe func()) *rootAttrs {
	return &rootAttrs{owe: owe, moved: make(chan struct{}, 1)}
}

// Observe implements task.Observer.
func (r *rootAttrs) Observe(o *task.Outcome) {
	if o.DryRun || !writesRoot(o.Plan) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		r.owe()
		return
	}
	select {
	case r.moved <- struct{}{}:
	default:
	}
}

func writesRoot(p *task.Plan) bool {
	for i := range p.Items {
		if path := p.Items[i].Path; path != "" && strings.IndexByte(path, '/') < 0 {
			return true
		}
	}
	return false
}

// send owes the attributes once for many runs, until ctx ends; from then on at once.
func (r *rootAttrs) send(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			r.end(false)
			return nil
		case <-r.moved:
		}
		if !wait(ctx, rootAttrsAfter) {
			r.end(true)
			return nil
		}
		r.owe()
	}
}

func (r *rootAttrs) end(owed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	select {
	case <-r.moved:
		owed = true
	default:
	}
	if owed {
		r.owe()
	}
}
