package demo

import (
	"strings"
	"sync"
	"time"
)

// own remembers for some seconds which paths the demo itself has changed, so that what is left is
// the doing of the person who watches. It is safe for concurrent use.
type own struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// A run can mention a path some time after it was changed, its parent's attributes after that.
const ownFor = 3 * time.Second

func newOwn() *own { return &own{until: map[string]time.Time{}} }

func (o *own) add(paths []string, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for path, until := range o.until {
		if now.After(until) {
			delete(o.until, path)
		}
	}
	for _, path := range paths {
		o.until[path] = now.Add(ownFor)
	}
}

// has tells whether path, something above it or something below it is the demo's doing.
func (o *own) has(path string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for mine, until := range o.until {
		if now.After(until) {
			continue
		}
		if mine == path || strings.HasPrefix(mine, path+"/") || strings.HasPrefix(path, mine+"/") {
			return true
		}
	}
	return false
}
