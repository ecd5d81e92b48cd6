package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/sersync/sersync/bench/internal/plant"
)

// unpack measures many new files, from the end of the unpacking, against one rsync -a of the same
// files to another module. Both are done in turn, on new files each time.
func unpack(ctx context.Context, r *rig) ([]Result, error) {
	n := r.files(50_000)
	if _, _, err := plant.Tree(ctx, r.source, "base", plant.Shape{Files: min(n, 1000)}); err != nil {
		return nil, err
	}
	modules := []string{"m"}
	for i := range r.Pairs {
		modules = append(modules, "plain"+strconv.Itoa(i))
	}
	d, err := r.serve(ctx, modules...)
	if err != nil {
		return nil, err
	}
	s, err := r.steady(ctx, []string{r.replica("m")}, d.URL("m"))
	if err != nil {
		return nil, err
	}
	var ours, plain Sample
	var ratios []float64
	var load time.Duration
	for i := range r.Pairs {
		under := "unpacked" + strconv.Itoa(i)
		syscall.Sync() // what is written back meanwhile is neither's doing
		began := time.Now()
		dirs, files, err := plant.Tree(ctx, r.source, under, plant.Shape{Files: n})
		if err != nil {
			return nil, err
		}
		end := time.Now()
		load += end.Sub(began) / time.Duration(r.Pairs)
		seen, err := r.arrived(ctx, r.replica("m"), slices.Concat(dirs, files))
		if err != nil {
			return nil, err
		}
		ours = append(ours, seen.Sub(end))
		if err := r.rest(ctx, s); err != nil {
			return nil, err
		}
		syscall.Sync()
		took, _, err := run(ctx, filepath.Join(r.dir, "plain.log"),
			r.Rsync, "-a", filepath.Join(r.source, under)+"/", d.URL("plain"+strconv.Itoa(i)))
		if err != nil {
			return nil, err
		}
		plain = append(plain, took)
		ratios = append(ratios, float64(ours[i])/float64(took))
		r.logf("unpacked in %v; identical after %v, rsync -a %v", end.Sub(began), ours[i], took)
	}
	result := Result{Variant: fmt.Sprintf("files=%d", n), N: r.Pairs, PerOp: ours.Median()}
	result.add(milliseconds(load), "unpack-ms")
	result.add(milliseconds(plain.Median()), "rsync-ms")
	result.add(median(ratios), "ratio")
	result.check("time / rsync -a", median(ratios), 1.1, "×")
	return []Result{result}, r.identical(ctx, s, r.replica("m"))
}
