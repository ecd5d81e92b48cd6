package main

// The exit codes. Those above 1 are sync's alone; docs/cli.md has them.
const (
	exitOK          = 0
	exitUsage       = 1 // usage, configuration, or the start failed
	exitFailed      = 2 // some paths could not be brought over
	exitUnreachable = 3 // a target could not be reached
	exitHeld        = 4 // all is there, but deletions wait for --delete
	exitInterrupted = 130
)

// exitError ends the program with a code of its own. A nil err ends it without a word: what there
// was to say has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }
