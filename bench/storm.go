package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/sersync/sersync/bench/internal/plant"
)

// storm rewrites a few files again and again at full speed.
func storm(ctx context.Context, r *rig) ([]Result, error) {
	_, files, err := plant.Tree(ctx, r.source, "", plant.Shape{Files: r.files(100)})
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
	mark, err := d.Mark()
	if err != nil {
		return nil, err
	}
	before, err := s.Usage()
	if err != nil {
		return nil, err
	}
	times := r.changes(200_000)
	began := time.Now()
	if err := plant.Rewrite(ctx, r.source, files, times); err != nil {
		return nil, err
	}
	end := time.Now()
	seen, err := r.arrived(ctx, r.replica("m"), files)
	if err != nil {
		return nil, err
	}
	traffic, err := d.Since(mark)
	if err != nil {
		return nil, err
	}
	after, err := s.Usage()
	if err != nil {
		return nil, err
	}
	rate := float64(traffic.Runs) / seen.Sub(began).Seconds()
	result := Result{Variant: fmt.Sprintf("files=%d", len(files)), N: times, PerOp: seen.Sub(began) / time.Duration(times)}
	result.add(float64(times)/end.Sub(began).Seconds(), "rewrites/s")
	result.add(rate, "runs/s")
	result.add(milliseconds(seen.Sub(end)), "identical-ms")
	result.add(float64((after.Self-before.Self).Nanoseconds())/float64(times), "cpu-ns/op")
	result.check("rsync runs a second", rate, 10, "")
	result.check("end until identical", seen.Sub(end).Seconds(), 1, "s")
	return []Result{result}, r.identical(ctx, s, r.replica("m"))
}
