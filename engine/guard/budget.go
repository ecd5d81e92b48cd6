package guard

import "github.com/sersync/sersync/engine/task"

// Question describes a run that is about to start.
type Question struct {
	// Origin is the least permitting one of what the run pays.
	Origin task.Origin
	// Pass: the run is recursive or lists directories, so names that nobody named may go.
	Pass bool
	// Seen, only with Pass: each of its directories was itself seen leaving before it came back, so
	// what the target has below it is known to be old.
	Seen bool
	// Deletes is how many listed names are missing at the source.
	Deletes int
	// Below: a missing name may be a directory on the target, so more names than Deletes can go.
	Below bool
	// Confirmed: a person has seen these very deletions and let them go.
	Confirmed bool
}

// exact says whether the run deletes at most q.Deletes names.
func (q Question) exact() bool { return !q.Pass && !q.Below && q.Deletes > 0 }

// Budget is what a run may delete.
type Budget struct {
	// Delete: rsync is given delete options. False only in mode Never.
	Delete bool
	// Max is how many names the run may delete: -1 is any number, 0 is none.
	Max int
	// reserved is the part of the limit that is kept for the run until Spent.
	reserved int64
	counted  bool
}
