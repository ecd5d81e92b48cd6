package rsyncexec

import (
	"fmt"
	"strings"
)

// Error is a run that did not do all it was asked to. [Error.Error] is one line: what, where,
// remedy.
type Error struct {
	Code   ExitCode
	Class  Class
	Target string // in rsync's notation
	Detail string // rsync's, ssh's or the kernel's words for it; may be ""
	Remedy string // may be ""
	Err    error  // why it was ended or could not be started; may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rsync to %s: ", e.Target)
	if e.Detail != "" {
		b.WriteString(e.Detail)
	} else {
		b.WriteString(e.Code.String())
	}
	if e.Code != ExitNone {
		fmt.Fprintf(&b, " (exit %d, %s)", int(e.Code), e.Code)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Remedy != "" {
		b.WriteString("; ")
		b.WriteString(e.Remedy)
	}
	return b.String()
}

// Unwrap gives the cause: the context's error, or what kept it from starting.
func (e *Error) Unwrap() error { return e.Err }

// PathError is what rsync said of one path. Best effort: for people, not for bookkeeping.
type PathError struct {
	Path string // relative to the root as far as it can be told
	Text string
}

// newError explains an exit code with what was printed.
func newError(target string, code ExitCode, d *diagnostics) *Error {
	e := &Error{Code: code, Target: target, Detail: d.first}
	text := d.text()
	e.Class = code.Class(text)
	if i := code.find(text); i >= 0 {
		e.Detail, e.Remedy = d.lineWith(hints[i].text), hints[i].remedy
	}
	if e.Remedy == "" {
		e.Remedy = e.Class.remedy()
	}
	if strings.Contains(text, "Connection reset by peer") && code == ExitSocketIO && e.Class == Unreachable {
		e.Remedy = "if it stays so: rsync daemons before 3.2 hide the reason (read only? refused options?), it is in the daemon's log"
	}
	return e
}
