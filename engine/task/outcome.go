package task

import "time"

// Outcome is how one run ended. It is given to every Observer.
type Outcome struct {
	Target   string
	Plan     *Plan
	Started  time.Time
	Duration time.Duration
	Warm     bool
	ExitCode int   // rsync's; -1 if it never ran or died by a signal
	Err      error // nil on success
	Sent     int   // files that rsync says it transferred
	Deleted  int   // names that rsync says it deleted
	Left     int   // deletions that the budget stopped
	Failed   []Waiting
	DryRun   bool
}

// Observer is told of every Outcome, in a fixed order. It MUST NOT block.
type Observer interface {
	Observe(*Outcome)
}
