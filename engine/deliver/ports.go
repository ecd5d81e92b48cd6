package deliver

import (
	"context"
	"errors"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// ErrPaused is wrapped by a Resolver's error when the root, or the mount that the debts are on, is
// gone or is another one. Nothing is sent or deleted until it is back.
var ErrPaused = errors.New("paused: root or mount is missing")

// Resolver looks at what is on disk now.
type Resolver interface {
	// Resolve fixes what one run shall do for these debts, which are all of kind and sorted by path.
	// It MUST NOT keep or change debts. Each debt comes back in the plan: in Paid, Carried or Back;
	// one that is nowhere shares the fate of the run, unless it is a Subtree that Back splits.
	// It may block for as long as the source's disk does. Errors: ErrPaused, or what the source said.
	Resolve(ctx context.Context, kind task.Kind, debts []task.Debt) (*task.Plan, error)
}

// Runner does one run, cold: it connects, does it, and has ended all it began when it returns.
type Runner interface {
	// Run does p and deletes no more than b allows. When ctx ends it MUST stop the run and wait for
	// it. A failure is a *RunError; the Result is valid then, too, as far as it is known.
	Run(ctx context.Context, p *task.Plan, b guard.Budget) (Result, error)
}

// Warmer is what a Runner may also be: it can start a run before its list is known.
type Warmer interface {
	// Warm starts a run that compares by content and deletes at most b.Max of the listed names. It
	// returns once the process exists and MUST NOT wait for the target.
	Warm(ctx context.Context, b guard.Budget) (Warm, error)
}

// Warm is a run that waits for its list.
type Warm interface {
	// Run gives it the list of p, once, and waits for the end. Progress MUST be called whenever
	// rsync shows that it goes on; when ctx ends the run is killed and waited for.
	Run(ctx context.Context, p *task.Plan, progress func()) (Result, error)
	// Dead is closed when it ended without having been given a list.
	Dead() <-chan struct{}
	// Close ends one that was not used, and waits for it. It may be called again.
	Close() error
}

// Result is what a run did.
type Result struct {
	// Code is rsync's exit code, -1 if it did not run or was killed.
	Code int
	// Transferred are the paths of the files that rsync says it sent. It is evidence only if the
	// whole run succeeded: rsync says so before the receiver has stored them.
	Transferred []string
	// Sent and Deleted are counts, Left is how many deletions the budget stopped.
	Sent, Deleted, Left int
	// NewParents are directories that the target lacked and the plan did not list, as far as known.
	NewParents []string
	// Litter are names that the run may have left on the target and that are of no use to any other.
	Litter []string
	// Failed are the paths that could not be done, valid if FailedKnown: then all others were done.
	Failed      []PathFailure
	FailedKnown bool
}

// PathFailure is a path that one run could not do.
type PathFailure struct {
	Path string // as in task.Debt
	// Dir: nothing below it was done either.
	Dir bool
	// Delete: what could not be done is a deletion.
	Delete bool
	// Vanished: it was gone, or another, when rsync came to it.
	Vanished bool
	Why      string
}
