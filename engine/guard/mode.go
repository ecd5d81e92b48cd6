package guard

import (
	"errors"
	"fmt"
)

// Mode says which findings may delete on a target. Each mode from Never to Always permits what the
// one before it permits, and more.
type Mode uint8

const (
	// Auto is Always once the target is known to hold nothing extra, and Full until then.
	Auto Mode = iota
	// Never deletes nothing; rsync is given no delete option.
	Never
	// Live deletes only names that were seen leaving. It suits several sources that feed one target.
	Live
	// Full also deletes in passes that a person or a schedule asked for.
	Full
	// Always also deletes what a recovery finds, after a loss or a restart.
	Always
)

var modeNames = [...]string{
	Auto: "auto", Never: "never", Live: "live", Full: "full", Always: "always",
}

// ErrMode is wrapped by the error of [ParseMode].
var ErrMode = errors.New("not a delete mode (auto, never, live, full, always)")

// ParseMode reads a mode as it stands in a config.
func ParseMode(s string) (Mode, error) {
	for m, name := range modeNames {
		if s == name {
			return Mode(m), nil
		}
	}
	return Auto, fmt.Errorf("%q: %w", s, ErrMode)
}

func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// under returns the mode that m is, given what is known about the target.
func (m Mode) under(c Contact) Mode {
	switch {
	case m != Auto:
		return m
	case c == Clean:
		return Always
	}
	return Full
}
