package rsyncexec

import (
	"errors"
	"fmt"
	"strings"
)

// Compare says when two files count as equal.
type Compare uint8

const (
	// Quick: same size and mtime, to the nanosecond where the receiver can; where it can't, by
	// checksum, because there the quick check is blind to a second change in one second.
	Quick Compare = iota
	// Content: never; what is listed is sent (as a delta). For paths whose content changed.
	Content
	// Checksum: same bytes, read at both ends.
	Checksum
)

// Delete says whether a run may delete names on the target.
type Delete uint8

const (
	// DeleteNo passes no option that deletes, not even --force: a directory that became a file
	// stays as it is on the target (exit 23), and items that are missing are left out.
	DeleteNo Delete = iota
	// DeleteBudget lets up to MaxDelete names go.
	DeleteBudget
)

// Item is one line of the list that rsync is given.
type Item struct {
	// Path is relative to the root, without leading or trailing slash; "" is the root itself.
	// It must be topmost: nothing above it is missing or anything but a real directory.
	Path string
	// Level asks for the directory's own entries, one level. Only for what is a directory: rsync
	// follows a symlink that is listed with a slash. What else the target has there is deleted, with
	// DeleteBudget, unless Compare is Content: then it is short for the entries one by one.
	Level bool
	// Missing: there is nothing at Path; it is to be deleted on the target.
	Missing bool
	// Dir: it is a directory.
	Dir bool
}

// Invocation is one run.
type Invocation struct {
	// RootFD is the descriptor of the pinned source root; O_PATH is enough. It stays the
	// caller's and must stay open until the run has ended.
	RootFD int
	Items  []Item
	// Hide are paths that are neither looked at nor sent, though a Level or Recursive covers them.
	Hide []string
	// Recursive sends everything below the listed directories.
	Recursive bool
	// Files is about how many entries that is; 0: unknown.
	Files   int64
	Compare Compare
	Delete  Delete
	// MaxDelete is the budget of DeleteBudget: names, less than 0 is unlimited. With 0
	// everything is sent, nothing deleted, and the Result says what was left.
	MaxDelete int
	// Extras: other extra names beside a missing one may go too. Only receivers without
	// --delete-missing-args make use of it: a run is cheaper that need not protect them.
	Extras bool
	// Filters are rules of this run alone, in place of Options.Filters; nil: those.
	Filters []string
	// MaxSize skips files larger than this many bytes; 0 does not.
	MaxSize int64
	// DryRun writes nothing (-n).
	DryRun bool
	// Bulk is started at idle priority if Options.Nice.
	Bulk bool
	// Partial keeps a part of a large file, so that the next run resumes.
	Partial bool
	// Sent is called for every file that rsync says it transfers, with its size, from a
	// goroutine of the run; path is valid only during the call. May be nil.
	Sent func(path []byte, size int64)

	all bool // has rsync name what is equal too; hard links are files of their own then
}

// Faults of an Invocation.
var (
	ErrNoRoot  = errors.New("no source root")
	ErrBadPath = errors.New("path can't be in a list")
)

// filters are the rules of the run.
func (inv *Invocation) filters(o *Options) []string {
	if inv.Filters != nil {
		return inv.Filters
	}
	return o.Filters
}

func (inv *Invocation) validate() error {
	if inv.RootFD <= 0 {
		return ErrNoRoot
	}
	for i := range inv.Items {
		if err := checkPath(inv.Items[i].Path); err != nil {
			return err
		}
	}
	for _, path := range inv.Hide {
		if err := checkPath(path); err != nil {
			return err
		}
	}
	return nil
}

// checkPath refuses what would name something else than the caller meant: a NUL would end the
// entry early, rsync clips ".." at the root and takes "a//b" and "a/" as "a/b" and one level.
func checkPath(path string) error {
	if path == "" {
		return nil
	}
	if strings.IndexByte(path, 0) >= 0 || path[0] == '/' || path[len(path)-1] == '/' ||
		strings.Contains(path, "//") || strings.Contains(path, "..") && climbs(path) {
		return fmt.Errorf("%w: %q", ErrBadPath, path)
	}
	return nil
}

func climbs(path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		if name == ".." {
			return true
		}
	}
	return false
}
