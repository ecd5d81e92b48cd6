package bench

import (
	"context"
	"errors"
	"time"

	"github.com/sersync/sersync/bench/internal/plant"
)

// hung measures the changes of one target before and while the other one's daemon, with all its
// connections, is a stopped process.
func hung(ctx context.Context, r *rig) ([]Result, error) {
	_, files, err := plant.Tree(ctx, r.source, "", plant.Shape{Files: r.files(10_000)})
	if err != nil {
		return nil, err
	}
	well, err := r.serve(ctx, "well")
	if err != nil {
		return nil, err
	}
	ill, err := r.serve(ctx, "ill")
	if err != nil {
		return nil, err
	}
	replicas := []string{r.replica("well"), r.replica("ill")}
	s, err := r.steady(ctx, replicas, well.URL("well"), ill.URL("ill"))
	if err != nil {
		return nil, err
	}
	c, err := r.watched(r.replica("well"), files)
	if err != nil {
		return nil, err
	}
	pause := r.pause(100 * time.Millisecond)
	n := r.changes(100)
	if _, err := c.several(ctx, 3, pause); err != nil {
		return nil, err
	}
	before, err := c.several(ctx, n, pause)
	if err != nil {
		return nil, err
	}
	if err := ill.Freeze(); err != nil {
		return nil, err
	}
	during, err := c.several(ctx, n, pause)
	if err := errors.Join(err, ill.Thaw()); err != nil {
		return nil, err
	}
	result := Result{N: n, PerOp: during.Mean()}
	result.add(milliseconds(before.Percentile(0.95)), "p95-before-ms")
	result.add(milliseconds(during.Percentile(0.95)), "p95-ms")
	result.add(milliseconds(during.Median()), "p50-ms")
	result.check("p95 / before", float64(during.Percentile(0.95))/float64(before.Percentile(0.95)), 1.5, "×")
	for _, replica := range replicas {
		if err := r.identical(ctx, s, replica); err != nil {
			return nil, err
		}
	}
	return []Result{result}, nil
}
