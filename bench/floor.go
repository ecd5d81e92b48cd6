package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sersync/sersync/bench/internal/arrival"
	"github.com/sersync/sersync/bench/internal/child"
	"github.com/sersync/sersync/bench/internal/plant"
)

// floor measures what rsync itself needs to carry one changed file: a run that was started, and
// had connected, before the change is given its list of one name right after it. Whatever the
// program adds comes on top. destination leads to the module; warmup is how long a run is left to
// connect.
func (r *rig) floor(ctx context.Context, module, destination string, warmup time.Duration, n int) (Sample, error) {
	source := filepath.Join(r.dir, "floor")
	if err := makeDirs(source); err != nil {
		return nil, err
	}
	w, err := arrival.NewWatch()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := w.Add(r.replica(module)); err != nil {
		return nil, err
	}
	var all Sample
	for i := range n {
		took, err := r.warmRun(ctx, w, source, module, destination, warmup, uint64(i))
		if err != nil {
			return nil, fmt.Errorf("measure rsync's own share: %w", err)
		}
		all = append(all, took)
	}
	return all, nil
}

func (r *rig) warmRun(ctx context.Context, w *arrival.Watch, source, module, destination string,
	warmup time.Duration, version uint64,
) (took time.Duration, err error) {
	list, feed, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	p, err := child.Start(child.Options{
		Argv: []string{
			r.Rsync, "-aI", "-@-1", "--numeric-ids", "--force", "--timeout=60", "--sockopts=TCP_NODELAY", "--no-motd",
			"--from0", "--files-from=-", source + "/", destination,
		},
		Stdin: list, Log: filepath.Join(r.dir, "floor.log"),
	})
	_ = list.Close() // the child has its own
	if err != nil {
		return 0, errors.Join(err, feed.Close())
	}
	defer p.Kill()
	defer feed.Close()
	if !sleep(ctx, warmup) {
		return 0, context.Cause(ctx)
	}
	content := plant.Content("floor", version, changeSize)
	began := time.Now()
	if err := plant.Write(filepath.Join(source, "floor"), content); err != nil {
		return 0, err
	}
	if _, err := feed.WriteString("/floor\x00"); err != nil {
		return 0, err
	}
	if err := feed.Close(); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.Patience)
	defer cancel()
	seen, err := w.Await(ctx, filepath.Join(r.replica(module), "floor"), content)
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, p.Tail())
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
	}
	return seen.Sub(began), nil
}
