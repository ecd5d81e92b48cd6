package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/sersync/sersync/engine/filter"
)

// Tree is one directory that is mirrored with all below it.
type Tree struct {
	Path    string // absolute and clean
	Line    int
	Targets []Target
	// Filter is what is left out; Root and StateDirs are filled in by Rules.
	Filter filter.Options
	Events Events
	// OpenFiles says when a file that is still being written is sent.
	OpenFiles OpenFiles
	// CrossMounts also mirrors filesystems mounted below Path. XML: true unless commonParams has
	// -x, as sersync2 did; else false.
	CrossMounts bool
	// LargeFile is the size above which a file is sent alone and resumably.
	LargeFile int64
	Crontab   *Crontab // nil: none
	FailLog   *FailLog // nil: none
	// Second is a second <localpath>, which sersync2 ignored: its targets were never compared.
	Second bool
}

// Events are sersync2's switches of <inotify>. In YAML all are on.
type Events struct {
	Delete       bool
	CreateFolder bool
	CreateFile   bool
	CloseWrite   bool
	MoveFrom     bool
	MoveTo       bool
	Attrib       bool
	Modify       bool
}

// followedAnyway are switches that are off and that nothing is left out for: what sersync2 did not
// see, the target lacked until the next full pass. createFile is not among them, because a file's
// close was seen anyhow.
func (e Events) followedAnyway() string {
	var off []string
	for _, s := range []struct {
		name string
		on   bool
	}{
		{"createFolder", e.CreateFolder},
		{"closeWrite", e.CloseWrite},
		{"moveFrom", e.MoveFrom},
		{"moveTo", e.MoveTo},
	} {
		if !s.on {
			off = append(off, s.name)
		}
	}
	return strings.Join(off, ", ")
}

var allEvents = Events{true, true, true, true, true, true, true, true}

// xmlEvents is what sersync2 shipped.
var xmlEvents = Events{Delete: true, CreateFolder: true, CloseWrite: true, MoveFrom: true, MoveTo: true}

// Wait says when a file that is still being written is sent.
type Wait uint8

const (
	// WaitBounded: at its close, or after OpenFiles.Max.
	WaitBounded Wait = iota
	// WaitNever: at every modification (XML modify="true").
	WaitNever
	// WaitClose: at its close only (XML modify="false").
	WaitClose
)

// OpenFiles is how long a file that is being written waits for its close.
type OpenFiles struct {
	Wait Wait
	Max  time.Duration // of WaitBounded
}

// DefaultOpenFiles is that of YAML and the command line: a log file that is never closed still
// reaches the target.
const DefaultOpenFiles = 5 * time.Minute

// String is the value in YAML.
func (o OpenFiles) String() string {
	switch o.Wait {
	case WaitNever:
		return "0"
	case WaitClose:
		return "close"
	}
	return formatDuration(o.Max)
}

// ParseOpenFiles reads a duration, "0" or "close".
func ParseOpenFiles(s string) (OpenFiles, error) {
	if s == "close" {
		return OpenFiles{Wait: WaitClose}, nil
	}
	d, err := parseDuration(s)
	switch {
	case err != nil:
		return OpenFiles{}, fmt.Errorf("%w, or \"close\"", err)
	case d == 0:
		return OpenFiles{Wait: WaitNever}, nil
	}
	return OpenFiles{Max: d}, nil
}

// Crontab is a full pass by schedule.
type Crontab struct {
	Every time.Duration // XML schedule, in minutes; 0 if Cron is set
	Cron  string        // five fields, YAML only
	// Filter are rsync rules that apply to scheduled and asked-for full passes only.
	Filter []filter.RsyncRule
	Line   int
}

// FailLog is the script of what failed.
type FailLog struct {
	Path string
	// Every bounds how long a path that failed waits for its next try.
	Every time.Duration
	Line  int // 0: the element was missing and this is the default
}
