package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/sersync/sersync/bench/internal/arrival"
	"github.com/sersync/sersync/bench/internal/child"
	"github.com/sersync/sersync/bench/internal/plant"
)

// changes makes one change at a time and measures each until it has arrived.
type changes struct {
	source, replica string
	files           []string
	// await returns when the replica's file holds the content.
	await func(ctx context.Context, path string, content []byte) (time.Time, error)
	rng   *rand.Rand
	count uint64
	// patience is how long one may take.
	patience time.Duration
}

// watched makes changes whose arrival is seen by inotify. The watch ends with the rig.
func (r *rig) watched(replica string, files []string) (*changes, error) {
	w, err := arrival.NewWatch()
	if err != nil {
		return nil, err
	}
	r.atEnd(w.Close)
	c := r.polled(replica, files)
	c.await = func(ctx context.Context, path string, content []byte) (time.Time, error) {
		if err := w.Add(filepath.Dir(path)); err != nil {
			return time.Time{}, err
		}
		return w.Await(ctx, path, content)
	}
	return c, nil
}

// polled makes changes whose arrival is looked for every millisecond, for replicas whose
// directories are not there yet.
func (r *rig) polled(replica string, files []string) *changes {
	return &changes{
		source: r.source, replica: replica, files: files, await: arrival.Poll,
		rng: rand.New(rand.NewPCG(1, 2)), patience: r.Patience,
	}
}

// size of what is written: a small file's.
const changeSize = 1000

// one rewrites a file in place, and returns the time from before its open until the replica had the
// same bytes.
func (c *changes) one(ctx context.Context) (time.Duration, error) {
	c.count++
	name := c.files[c.rng.IntN(len(c.files))]
	content := plant.Content(name, c.count<<20, changeSize)
	ctx, cancel := context.WithTimeoutCause(ctx, c.patience,
		fmt.Errorf("a change has not arrived within %v", c.patience))
	defer cancel()
	began := time.Now()
	if err := plant.Write(filepath.Join(c.source, name), content); err != nil {
		return 0, err
	}
	seen, err := c.await(ctx, filepath.Join(c.replica, name), content)
	return seen.Sub(began), err
}

// several makes n changes, with a pause before each.
func (c *changes) several(ctx context.Context, n int, pause time.Duration) (Sample, error) {
	var all Sample
	for range n {
		if !sleep(ctx, pause) {
			return all, context.Cause(ctx)
		}
		took, err := c.one(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, took)
	}
	return all, nil
}

// until makes changes until done is closed, at least one.
func (c *changes) until(ctx context.Context, done <-chan struct{}, pause time.Duration) (Sample, error) {
	var all Sample
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		took, err := c.one(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, took)
		timer.Reset(pause)
		select {
		case <-timer.C:
		case <-done:
			return all, nil
		case <-ctx.Done():
			return all, context.Cause(ctx)
		}
	}
}

// result is the benchmark line of a sample, with the processor time that it took.
func (s Sample) result(variant string, before, after child.Usage) Result {
	r := Result{Variant: variant, N: len(s), PerOp: s.Mean()}
	r.add(milliseconds(s.Median()), "p50-ms")
	r.add(milliseconds(s.Percentile(0.95)), "p95-ms")
	r.add(milliseconds(s.Percentile(1)), "max-ms")
	n := time.Duration(max(1, len(s)))
	r.add(milliseconds((after.Self-before.Self)/n), "cpu-ms/op")
	r.add(milliseconds((after.Children-before.Children)/n), "rsync-cpu-ms/op")
	return r
}
