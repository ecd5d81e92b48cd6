package engine

import (
	"sync"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// rate is what recent runs of a target covered in a second, for the size of the next one.
type rate struct {
	mu           sync.Mutex
	files, bytes float64
}

const (
	// A run over less than this is mostly its start-up, and says nothing of the rate: a listing of
	// forty names at a distance takes as long as one of a thousand.
	tellingFiles = 200
	tellingBytes = 4 << 20
	// fileBytes is how many bytes take as long as one small file: 280 µs at 100 MB/s.
	fileBytes = 28_000
)

// Observe implements task.Observer.
func (r *rate) Observe(o *task.Outcome) {
	if o.Err != nil || o.Duration <= 0 || o.Plan.Files < tellingFiles && o.Plan.Bytes < tellingBytes {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// What a run did not spend its time on it says nothing about: a large file is not one file in
	// four seconds.
	if o.Plan.Bytes > o.Plan.Files*fileBytes {
		r.bytes = blend(r.bytes, perSecond(o.Plan.Bytes, o.Duration))
	} else {
		r.files = blend(r.files, perSecond(o.Plan.Files, o.Duration))
	}
}

func perSecond(n int64, d time.Duration) float64 { return float64(n) / d.Seconds() }

// blend is an exponential average that begins with its first value.
func blend(old, now float64) float64 {
	if old == 0 {
		return now
	}
	return old + (now-old)/4
}

func (r *rate) get() (files, bytes float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.files, r.bytes
}
