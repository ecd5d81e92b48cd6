package deliver

import (
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// Stats is the state of a target at one moment.
type Stats struct {
	// Owed counts all debts. Each is one of Ready, Parked (until a run that it conflicts with ends),
	// Taken (a worker has it) or Waiting, by task.Reason.
	Owed    int
	Ready   [2]int // by task.Class
	Parked  int
	Taken   int
	Waiting [task.Doubtful + 1]int

	// Running is how many runs are under way, Bulk how many of them are bulk.
	Running, Bulk int
	// Down is why the target is not tried at the moment, ClassNone if it is up.
	Down      Class
	DownErr   error
	DownSince time.Time
	Contact   guard.Contact
	WarmOff   bool

	// LastSuccess is the end of the last run that did all it should.
	LastSuccess time.Time
	// What follows counts from the start.
	Runs, WarmRuns, FailedRuns, Probes uint64
	Sent, Deleted, Left                uint64
	Collapsed, Absorbed, Refused       uint64
}

// Idle reports whether nothing goes on and nothing will by itself: what is still owed is held for a
// person, or has failed and is tried again now and then.
func (s Stats) Idle() bool {
	return s.Owed == s.Waiting[task.Held]+s.Waiting[task.Failed] && s.Running == 0
}
