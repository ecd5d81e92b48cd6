package deliver

import (
	"errors"
	"fmt"
)

// Class says what a failed run means for the target and for the debts of the run.
type Class uint8

const (
	// ClassNone is no failure.
	ClassNone Class = iota
	// ClassUnreachable: no connection, or it broke.
	ClassUnreachable
	// ClassMaxConnections: the daemon serves as many as it wants to.
	ClassMaxConnections
	// ClassAuth: the target refuses who we are.
	ClassAuth
	// ClassConfig: the target refuses what we ask: read only, refused options, unknown module.
	ClassConfig
	// ClassDiskFull: the target has no room for something in the run; what came after it was not
	// begun. With Result.FailedKnown all that is not among Failed was done.
	ClassDiskFull
	// ClassPartial: some paths failed, the others were done (23).
	ClassPartial
	// ClassVanished: some paths were gone when rsync came to them, the others were done (24).
	ClassVanished
	// ClassTimeout: no progress; the receiver may go on for a while.
	ClassTimeout
	// ClassKilled: a signal ended one side; the receiver may go on for a while.
	ClassKilled
	// ClassUnknown is any other failure of a run.
	ClassUnknown
	// ClassPaused: the source's root is gone.
	ClassPaused
	// ClassSource: the source can't be read.
	ClassSource
	// ClassMissing: the target's own directory is not there.
	ClassMissing
)

var classNames = [...]string{
	"ok", "unreachable", "max connections", "auth", "config", "disk full", "partial", "vanished",
	"timeout", "killed", "unknown", "paused", "source", "missing",
}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// answered says that the target did what it could: nothing, or only some paths, failed.
func (c Class) answered() bool { return c == ClassNone || c == ClassPartial || c == ClassVanished }

// mayBePath says that a path, rather than the target, may be to blame: a file that is too large or
// for ever too slow, a name that makes one side abort.
func (c Class) mayBePath() bool {
	switch c {
	case ClassDiskFull, ClassTimeout, ClassKilled, ClassUnknown, ClassSource:
		return true
	}
	return false
}

// RunError is how a run failed.
type RunError struct {
	Class Class
	// Begun: the receiver had begun to work and may finish late.
	Begun bool
	Err   error
}

func (e *RunError) Error() string { return e.Err.Error() }
func (e *RunError) Unwrap() error { return e.Err }

// finishesLate says that the receiver may still write after the run has ended here.
func (e *RunError) finishesLate() bool {
	return e.Begun || e.Class == ClassTimeout || e.Class == ClassKilled
}

// classOf returns the class of an error of a Runner.
func classOf(err error) Class {
	var runErr *RunError
	switch {
	case err == nil:
		return ClassNone
	case errors.As(err, &runErr):
		return runErr.Class
	}
	return ClassUnknown
}

func finishesLate(err error) bool {
	var runErr *RunError
	return errors.As(err, &runErr) && runErr.finishesLate()
}
