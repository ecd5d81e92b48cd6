package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sersync/sersync/bench/internal/arrival"
	"github.com/sersync/sersync/bench/internal/plant"
	"github.com/sersync/sersync/bench/internal/relay"
)

// latency measures one change at a time against a daemon on this machine.
func latency(ctx context.Context, r *rig) ([]Result, error) {
	d, err := r.serve(ctx, "m", "floor")
	if err != nil {
		return nil, err
	}
	result, err := r.oneAtATime(ctx, course{
		destination: d.URL("m"), floor: d.URL("floor"), warmup: 100 * time.Millisecond,
		changes: r.changes(200), pause: r.pause(100 * time.Millisecond),
	})
	if err != nil {
		return nil, err
	}
	result.check("p50", result.metric("p50-ms"), 10, "ms")
	result.check("p95", result.metric("p95-ms"), 20, "ms")
	return []Result{*result}, nil
}

// rtt50 is latency at a distance.
func rtt50(ctx context.Context, r *rig) ([]Result, error) {
	const oneWay = 25 * time.Millisecond
	d, err := r.serve(ctx, "m", "floor")
	if err != nil {
		return nil, err
	}
	line, err := relay.Listen(d.Addr(), oneWay)
	if err != nil {
		return nil, err
	}
	var group errgroup.Group
	relayed, cancel := context.WithCancel(ctx)
	group.Go(func() error { return line.Run(relayed) })
	r.atEnd(func() error { cancel(); return group.Wait() })
	far := func(module string) string { return strings.Replace(d.URL(module), d.Addr(), line.Addr(), 1) }
	result, err := r.oneAtATime(ctx, course{
		destination: far("m"), floor: far("floor"), warmup: 30 * 2 * oneWay,
		changes: r.changes(30), pause: r.pause(2 * time.Second),
	})
	if err != nil {
		return nil, err
	}
	result.check("p50", result.metric("p50-ms"), 100, "ms")
	result.check("p95", result.metric("p95-ms"), 100, "ms")
	return []Result{*result}, nil
}

// course says how changes are made one at a time.
type course struct {
	destination string // leads to module m
	floor       string // leads to module floor, the same way
	warmup      time.Duration
	changes     int
	pause       time.Duration // before each
}

func (r *rig) oneAtATime(ctx context.Context, o course) (*Result, error) {
	_, files, err := plant.Tree(ctx, r.source, "", plant.Shape{Files: r.files(100_000)})
	if err != nil {
		return nil, err
	}
	if err := r.copy(ctx, r.replica("m")); err != nil {
		return nil, err
	}
	s, err := r.steady(ctx, []string{r.replica("m")}, o.destination)
	if err != nil {
		return nil, err
	}
	c, err := r.watched(r.replica("m"), files)
	if err != nil {
		return nil, err
	}
	if _, err := c.several(ctx, 3, o.pause); err != nil { // the first finds nothing prepared
		return nil, err
	}
	before, err := s.Usage()
	if err != nil {
		return nil, err
	}
	sample, err := c.several(ctx, o.changes, o.pause)
	if err != nil {
		return nil, err
	}
	if !sleep(ctx, o.pause) { // the last run's processor time is known once it was waited for
		return nil, context.Cause(ctx)
	}
	after, err := s.Usage()
	if err != nil {
		return nil, err
	}
	result := sample.result(fmt.Sprintf("files=%d", len(files)), before, after)
	if err := r.addShares(ctx, &result, o); err != nil {
		return nil, err
	}
	return &result, r.identical(ctx, s, r.replica("m"))
}

// addShares adds what rsync needs alone, and what the bench's own look at the replica adds.
func (r *rig) addShares(ctx context.Context, result *Result, o course) error {
	floor, err := r.floor(ctx, "floor", o.floor, o.warmup, (o.changes+9)/10)
	if err != nil {
		return err
	}
	result.add(milliseconds(floor.Median()), "rsync-p50-ms")
	own, err := arrival.Calibrate(ctx, r.dir, 50)
	if err != nil {
		return err
	}
	result.add(milliseconds(Sample(own).Median()), "detect-p50-ms")
	return nil
}

// metric is the figure with that unit.
func (r *Result) metric(unit string) float64 {
	for _, m := range r.Metrics {
		if m.Unit == unit {
			return m.Value
		}
	}
	panic("bench: no metric " + unit)
}
