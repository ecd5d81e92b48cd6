package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sersync/sersync/bench/internal/plant"
)

// listedOnce is more than the bytes that all runs send for a list of one path, and less than those
// of the shortest list of a hundred.
const listedOnce = 2000

// rmrf removes a directory of many files. What was listed shows in what the daemon received: a
// name that is listed costs some twenty bytes, and there is no content.
func rmrf(ctx context.Context, r *rig) ([]Result, error) {
	n := r.files(20_000)
	if _, _, err := plant.Tree(ctx, r.source, "base", plant.Shape{Files: min(n, 1000)}); err != nil {
		return nil, err
	}
	d, err := r.serve(ctx, "m")
	if err != nil {
		return nil, err
	}
	if _, _, err := plant.Tree(ctx, r.source, "doomed", plant.Shape{Files: n, PerDir: n}); err != nil {
		return nil, err
	}
	s, err := r.steady(ctx, []string{r.replica("m")}, d.URL("m"))
	if err != nil {
		return nil, err
	}
	mark, err := d.Mark()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := os.RemoveAll(filepath.Join(r.source, "doomed")); err != nil {
		return nil, err
	}
	end := time.Now()
	seen, err := r.arrived(ctx, r.replica("m"), []string{"doomed"})
	if err != nil {
		return nil, err
	}
	if err := r.identical(ctx, s, r.replica("m")); err != nil {
		return nil, err
	}
	if err := r.rest(ctx, s); err != nil {
		return nil, err
	}
	traffic, err := d.Since(mark)
	if err != nil {
		return nil, err
	}
	result := Result{Variant: fmt.Sprintf("files=%d", n), N: 1, PerOp: seen.Sub(end)}
	result.add(milliseconds(end.Sub(began)), "rm-ms")
	result.add(float64(traffic.Runs), "runs")
	result.add(float64(traffic.Received), "list-bytes")
	result.check("end until identical", seen.Sub(end).Seconds(), 1, "s")
	result.check("bytes of list (one path)", float64(traffic.Received), listedOnce, "B")
	return []Result{result}, nil
}
