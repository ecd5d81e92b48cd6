package rsyncexec

import "time"

// maxNames bounds each list of names in a Result; the counts go on. It is also the largest
// batch, so that a run over exact paths never exceeds it.
const maxNames = 1 << 16

// Result is what came of a run. Except for deletions it tells what was attempted: rsync prints a
// file when it begins to send it. All is done exactly when Run returns no error and nothing was
// left or skipped.
type Result struct {
	Code ExitCode
	// Transferred are the files that rsync says it sent, at most 65,536; Sent and Bytes count
	// all of them and their lengths (not what went over the wire).
	Transferred []string
	Sent        int
	Bytes       int64
	// Changed counts everything that was sent, created or given other attributes.
	Changed int
	// NewDirs are directories that were not on the target, at most 65,536. One that is not in
	// the list, nor new at the source, says that the target had drifted.
	NewDirs []string
	// Deleted are names deleted on the target, at most 65,536; DeletedCount counts all.
	Deleted      []string
	DeletedCount int
	// Stopped: the budget stopped deletions, LeftDeletions of them (rsync's number, inexact for
	// nested directories). A daemon target says so with exit code 0, others with 25; neither is
	// an error here.
	Stopped       bool
	LeftDeletions int
	// DeletesSkipped: rsync skipped all deletions by listing because it could not read
	// something at the source. The run also ends with exit code 23.
	DeletesSkipped bool
	// Kept counts directories that were to go but hold names that filters protect.
	Kept int
	// FailedPaths is what rsync said of single paths, at most 256.
	FailedPaths []PathError
	// Stderr is the end of all messages, at most 8 KiB.
	Stderr   string
	Duration time.Duration
	Warm     bool

	vague bool // something was said that names no path, or more than FailedPaths holds
}

// add folds another run's result in, for an invocation that took several runs. The first
// failure's code stays.
func (r *Result) add(o *Result) {
	if r.Code == ExitOK || r.Code == ExitDelLimit && o.Code != ExitOK {
		r.Code = o.Code
	}
	r.Transferred = appendNames(r.Transferred, o.Transferred)
	r.NewDirs = appendNames(r.NewDirs, o.NewDirs)
	r.Deleted = appendNames(r.Deleted, o.Deleted)
	r.Sent += o.Sent
	r.Bytes += o.Bytes
	r.Changed += o.Changed
	r.DeletedCount += o.DeletedCount
}

func appendNames(dst, src []string) []string {
	return append(dst, src[:min(len(src), maxNames-len(dst))]...)
}

func (r *Result) explain(d *diagnostics) {
	r.Stopped = d.stopped || r.Code == ExitDelLimit
	r.LeftDeletions, r.DeletesSkipped, r.Kept = d.left, d.ioError, d.kept
	r.FailedPaths, r.Stderr = d.paths, d.text()
	r.vague = d.others > 0 || len(d.paths) == maxPathErrors
}
