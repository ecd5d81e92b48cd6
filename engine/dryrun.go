package engine

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/sersync/sersync/engine/deliver"
	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/rsyncexec"
)

// dryRun prints what a target's runs would do.
type dryRun struct {
	target string
	mu     *sync.Mutex // of out, which all targets share
	out    io.Writer
}

// run asks rsync what the run would do. Nothing is written, so it may be asked about every deletion,
// also of those that the guard would hold.
func (d *dryRun) run(
	ctx context.Context, r *runner, inv rsyncexec.Invocation, b guard.Budget,
) (deliver.Result, error) {
	inv.MaxDelete = -1
	command := r.rsync.CommandLine(inv)
	res, err := r.rsync.Run(ctx, inv)
	out, err := r.result(ctx, inv, res, err)
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintln(d.out, command)
	for _, path := range res.Transferred {
		fmt.Fprintf(d.out, "%s: send %q\n", d.target, path)
	}
	for i, path := range res.Deleted {
		held := ""
		if b.Max >= 0 && i >= b.Max {
			held = " (held: the guard does not allow it now; --delete does)"
		}
		fmt.Fprintf(d.out, "%s: delete %q%s\n", d.target, path, held)
	}
	out.Left = 0
	return out, err
}
