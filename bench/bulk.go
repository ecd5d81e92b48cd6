package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sersync/sersync/bench/internal/plant"
)

// bulkPause is the time between changes while something large is under way: enough samples of a
// transfer that takes seconds, and no load of their own.
const bulkPause = 50 * time.Millisecond

// bulkPass makes changes while the first pass into an empty module is under way.
func bulkPass(ctx context.Context, r *rig) ([]Result, error) {
	dirs, files, err := plant.Tree(ctx, r.source, "", plant.Shape{Files: r.files(200_000)})
	if err != nil {
		return nil, err
	}
	d, err := r.serve(ctx, "m")
	if err != nil {
		return nil, err
	}
	s, err := r.mirror(ctx, d.URL("m"))
	if err != nil {
		return nil, err
	}
	began := time.Now()
	sample, err := r.during(ctx, r.polled(r.replica("m"), files), func(ctx context.Context) error {
		_, err := r.arrived(ctx, r.replica("m"), slices.Concat(dirs, files))
		return err
	})
	if err != nil {
		return nil, err
	}
	pass := time.Since(began)
	result := Result{Variant: fmt.Sprintf("files=%d", len(files)), N: len(sample), PerOp: sample.Mean()}
	result.addLive(sample)
	result.add(milliseconds(pass), "pass-ms")
	return []Result{result}, r.identical(ctx, s, r.replica("m"))
}

// bulkFile makes changes while one large file is under way.
func bulkFile(ctx context.Context, r *rig) ([]Result, error) {
	_, files, err := plant.Tree(ctx, r.source, "", plant.Shape{Files: r.files(10_000)})
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
	const name = "large"
	if err := plant.Large(ctx, filepath.Join(r.source, name), r.Bytes); err != nil {
		return nil, err
	}
	began := time.Now()
	sample, err := r.during(ctx, r.polled(r.replica("m"), files), func(ctx context.Context) error {
		_, err := r.arrived(ctx, r.replica("m"), []string{name})
		return err
	})
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	result := Result{Variant: fmt.Sprintf("MB=%d", r.Bytes>>20), N: len(sample), PerOp: sample.Mean()}
	result.addLive(sample)
	result.add(float64(r.Bytes>>20)/took.Seconds(), "MB/s")
	if err := r.identical(ctx, s, r.replica("m")); err != nil {
		return nil, err
	}
	return []Result{result}, os.Remove(filepath.Join(r.source, name))
}

// during makes changes for as long as something takes.
func (r *rig) during(ctx context.Context, c *changes, something func(context.Context) error) (Sample, error) {
	done := make(chan struct{})
	var sample Sample
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(done)
		return something(ctx)
	})
	group.Go(func() (err error) {
		sample, err = c.until(ctx, done, bulkPause)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return sample, nil
}

// addLive adds the figures of changes that something large should not hold up.
func (r *Result) addLive(s Sample) {
	r.add(milliseconds(s.Median()), "p50-ms")
	r.add(milliseconds(s.Percentile(0.95)), "p95-ms")
	r.add(milliseconds(s.Percentile(1)), "max-ms")
	r.check("p95 of changes", s.Percentile(0.95).Seconds(), 1, "s")
}
