package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/sersync/sersync/bench/internal/plant"
)

// walk measures how long it takes until a tree of directories is watched.
func walk(ctx context.Context, r *rig) ([]Result, error) {
	n := r.files(100_000)
	if err := plant.Dirs(r.source, "", n); err != nil {
		return nil, err
	}
	d, err := r.serve(ctx, "m")
	if err != nil {
		return nil, err
	}
	if err := r.copy(ctx, r.replica("m")); err != nil {
		return nil, err
	}
	var startups Sample
	var memory int64
	for range r.Pairs {
		s, err := r.program()
		if err != nil {
			return nil, err
		}
		if err := s.Start(ctx, r.source, d.URL("m")); err != nil {
			return nil, err
		}
		usage, err := s.Usage()
		if err == nil {
			err = r.identical(ctx, s, r.replica("m"))
		}
		if stopped := s.Stop(context.WithoutCancel(ctx)); err == nil {
			err = stopped
		}
		if err != nil {
			return nil, err
		}
		startups, memory = append(startups, s.Startup()), max(memory, usage.RSS)
	}
	result := Result{Variant: fmt.Sprintf("dirs=%d", n), N: n, PerOp: startups.Median() / time.Duration(n)}
	result.add(milliseconds(startups.Median()), "ready-ms")
	result.add(float64(memory)/(1<<20), "rss-MB")
	return []Result{result}, nil
}
