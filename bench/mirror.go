package bench

import "context"

// Mirror keeps replicas like a source. [Sersync] is one; a test may bring its own.
//
// A Mirror may be started again after Stop. It is used from one goroutine.
type Mirror interface {
	// Start begins to mirror the contents of source to each destination, in rsync's notation. It
	// MUST return when a change that is made from then on will be seen, and not sooner; what was
	// there before may still be under way.
	Start(ctx context.Context, source string, destinations ...string) error
	// Wait returns when the mirror has delivered all that it knows of. One that can't tell returns
	// at once, and the caller looks for itself. An error means that it does not run any more.
	Wait(ctx context.Context) error
	// Stop ends it and MUST return only when nothing of it runs any more.
	Stop(ctx context.Context) error
}

// Freezer is a Mirror that can be kept from running, so that its kernel queue overflows.
type Freezer interface {
	Freeze() error
	Thaw() error
}

// Killer is a Mirror that can be ended without a chance to tidy up.
type Killer interface {
	Kill() error
}
