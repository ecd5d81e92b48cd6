package resolve

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

var (
	// ErrPaused says that the root is missing or on another filesystem: nothing may be sent or
	// deleted until it is back.
	ErrPaused = errors.New("the source is not there")
	// ErrReplaced says that the root's path leads to another directory of the same filesystem: it
	// must be pinned anew, and counts as a first contact.
	ErrReplaced = errors.New("the source is another directory now")
)

// Resolver turns debts into plans.
type Resolver struct {
	opts Options

	mu sync.Mutex
	// stopped is, by kind, the path at which a run was full, where the next one begins. Without it
	// names that sort early and never rest would keep the others waiting for ever.
	stopped [task.KindLarge + 1]string
}

// New returns a Resolver.
func New(o Options) *Resolver {
	return &Resolver{opts: o.withDefaults()}
}

// Resolve looks at what is on disk now for these debts, all of kind, and fixes what one run shall
// do. With task.KindTree content debts may be passed along: those below a Subtree of the run are
// carried by it. Debts of another kind, and of another origin than the most permitting one, are
// given back as they are. It fails with ErrPaused, ErrReplaced, or the error of ctx. It neither
// keeps nor changes debts.
func (r *Resolver) Resolve(
	ctx context.Context, kind task.Kind, debts []task.Debt,
) (*task.Plan, error) {
	if err := r.checkRoot(); err != nil {
		return nil, err
	}
	sorted := sortDebts(debts)
	p := newPass(ctx, r, kind, sorted)
	defer p.close()
	if err := p.all(sorted, firstAt(sorted, r.startOf(kind))); err != nil {
		return nil, err
	}
	return p.finish(), nil
}

func (r *Resolver) checkRoot() error {
	state, err := r.opts.Check.Recheck()
	switch {
	case state == scan.RootSame && err == nil:
		return nil
	case state == scan.RootReplaced && err == nil:
		return ErrReplaced
	case err != nil:
		return fmt.Errorf("%w: %w", ErrPaused, err)
	}
	return ErrPaused
}

func (r *Resolver) startOf(kind task.Kind) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped[kind]
}

func (r *Resolver) stopAt(kind task.Kind, path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped[kind] = path
}
