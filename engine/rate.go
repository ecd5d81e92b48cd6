package engine

import (
	"sync"

	"github.com/sersync/sersync/engine/task"
)

// rate is what recent runs of a target covered in a second once they had begun, for the size of the
// next one.
type rate struct {
	mu           sync.Mutex
	startup      float64 // seconds of a run that has next to nothing to do
	files, bytes float64
}

const (
	// A run over less than few says how long the start takes: connection, login, handshake.
	fewFiles = 64
	fewBytes = 256 << 10
	// One over less than telling says nothing of the rate.
	tellingFiles = 200
	tellingBytes = 4 << 20
	// fileBytes is how many bytes take as long as one small file: 280 µs at 100 MB/s.
	fileBytes = 28_000
)

// Observe implements task.Observer.
func (r *rate) Observe(o *task.Outcome) {
	if o.Err != nil || o.Warm || o.Duration <= 0 {
		return
	}
	files, bytes, seconds := float64(o.Plan.Files), float64(o.Plan.Bytes), o.Duration.Seconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	if files <= fewFiles && bytes <= fewBytes {
		r.startup = blend(r.startup, seconds)
		return
	}
	if files < tellingFiles && bytes < tellingBytes {
		return
	}
	// Without this, runs that got too small would look slow for that very reason, and get smaller.
	seconds = max(seconds-r.startup, seconds/4)
	// What a run did not spend its time on it says nothing about: a large file is not one file in
	// four seconds.
	if bytes > files*fileBytes {
		r.bytes = blend(r.bytes, bytes/seconds)
	} else {
		r.files = blend(r.files, files/seconds)
	}
}

// blend is an exponential average that begins with its first value.
func blend(old, now float64) float64 {
	if old == 0 {
		return now
	}
	return old + (now-old)/4
}

// get returns 0 for what is unknown.
func (r *rate) get() (files, bytes float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.files, r.bytes
}
