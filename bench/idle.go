package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sersync/sersync/bench/internal/child"
	"github.com/sersync/sersync/bench/internal/plant"
)

const (
	// warmFor is longer than a warm run is kept.
	warmFor = 90 * time.Second
	// idleMoments of a hundred are the Go runtime's own: its monitor wakes up once a minute, and
	// every second time forces a collection, with dozens of short sleeps. A timer of the program's
	// that fires every twenty seconds would be more.
	idleMoments = 2
	// idleShare, in percent of a processor, is what that collection may take.
	idleShare = 0.05
)

// idle counts what the program does when nothing changes and its last warm run has ended.
func idle(ctx context.Context, r *rig) ([]Result, error) {
	_, files, err := plant.Tree(ctx, r.source, "", plant.Shape{Files: r.files(1000)})
	if err != nil {
		return nil, err
	}
	d, err := r.serve(ctx, "m")
	if err != nil {
		return nil, err
	}
	s, err := r.steady(ctx, []string{r.replica("m")}, d.URL("m"))
	if err != nil {
		return nil, err
	}
	c, err := r.watched(r.replica("m"), files)
	if err != nil {
		return nil, err
	}
	if _, err := c.several(ctx, 3, 100*time.Millisecond); err != nil {
		return nil, err
	}
	if err := r.cold(ctx, d); err != nil {
		return nil, err
	}
	r.logf("nothing runs; watching for %v", r.Idle)
	last, err := s.Usage()
	if err != nil {
		return nil, err
	}
	var used time.Duration
	moments, switches := 0, 0
	for range 100 {
		if !sleep(ctx, r.Idle/100) {
			return nil, context.Cause(ctx)
		}
		now, err := s.Usage()
		if err != nil {
			return nil, err
		}
		if now.Switches != last.Switches {
			moments++
		}
		// A thread that ends takes its counts with it.
		used += max(0, now.Exact-last.Exact)
		switches += max(0, now.Switches-last.Switches)
		last = now
	}
	result := Result{N: 1, PerOp: used}
	result.add(milliseconds(used), "cpu-ms")
	result.add(float64(switches), "wakeups")
	result.add(float64(last.RSS)/(1<<20), "rss-MB")
	result.check("share of a processor", 100*used.Seconds()/r.Idle.Seconds(), idleShare, "%")
	result.check("moments with a wake-up, of 100", float64(moments), idleMoments, "")
	return []Result{result}, r.identical(ctx, s, r.replica("m"))
}

// cold waits until no run is left, also no warm one.
func (r *rig) cold(ctx context.Context, d *child.Rsyncd) error {
	deadline := time.Now().Add(warmFor)
	url := strings.TrimRight(d.URL("m"), "/")
	for len(runsTo(url)) > 0 {
		if time.Now().After(deadline) {
			return fmt.Errorf("after %v without a change still runs: %s", warmFor, strings.Join(runsTo(url), "; "))
		}
		if !sleep(ctx, 500*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
	if !sleep(ctx, min(r.Idle, 5*time.Second)) { // what follows from its end
		return context.Cause(ctx)
	}
	return nil
}

// runsTo lists rsync processes that have the destination in their command line.
func runsTo(url string) []string {
	var runs []string
	for _, line := range child.Naming(url) {
		if _, command, _ := strings.Cut(line, " "); !strings.Contains(command, " mirror ") {
			runs = append(runs, line)
		}
	}
	return runs
}
