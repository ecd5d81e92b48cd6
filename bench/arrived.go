package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/sersync/sersync/bench/internal/same"
)

// arrived waits until all paths are on the replica as they are at the source, by their attributes,
// and returns when that was. The looking takes a few percent of one processor.
func (r *rig) arrived(ctx context.Context, replica string, paths []string) (time.Time, error) {
	pending := same.NewPending(r.source, replica, paths)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(r.Patience)
	for {
		left, err := pending.Step()
		now := time.Now()
		switch {
		case err != nil:
			return time.Time{}, err
		case left == 0:
			return now, nil
		case now.After(deadline):
			return time.Time{}, fmt.Errorf("%d paths have not arrived within %v: %s", left, r.Patience, pending.Example())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return time.Time{}, context.Cause(ctx)
		}
	}
}
