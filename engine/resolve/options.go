package resolve

import (
	"time"

	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

// Filter decides what is not mirrored. *filter.Rules is one.
type Filter interface {
	// Excluded decides for this path alone, its parents being included.
	Excluded(path []byte, isDir bool) bool
	// ExcludedTree also asks for every parent.
	ExcludedTree(path string, isDir bool) bool
}

// LinkIndex knows the names of files that have several.
type LinkIndex interface {
	// Names returns the known paths of the file that was just seen at path, relative to the root.
	// They may be out of date. If there are fewer than nlink the index should have the missing ones
	// looked for. It MUST NOT block for longer than a look-up takes.
	Names(path string, dev, ino uint64, nlink uint32) []string
}

// RootChecker compares what the root's path leads to now with what is pinned. *scan.Root is one.
type RootChecker interface {
	Recheck() (scan.RootState, error)
}

// OpenFiles says when a file that is being written is sent.
type OpenFiles struct {
	// Wait is for how long a file waits for its close. Default 5 min: what sersync users set as
	// their usual upper bound of one upload.
	Wait time.Duration
	// Always sends at every modification, without asking whether a writer has the file open.
	Always bool
	// OnlyClose waits for the close for ever.
	OnlyClose bool
}

// Options of a Resolver. Root is required.
type Options struct {
	Root *scan.Root
	// Check is asked before each Resolve. Default Root.
	Check RootChecker
	// Filter may be nil: nothing is excluded.
	Filter Filter
	// CrossMounts includes other filesystems that are mounted below the root.
	CrossMounts bool
	// AbsentMounts returns the mount points below the root which belong to the tree and where now
	// nothing, or something else, is mounted. What is owed there waits. May be nil.
	AbsentMounts func() []string
	Open         OpenFiles
	// LargeFile is the size above which a file runs alone. Default 64 MiB: about half a second at
	// 1 Gbit/s.
	LargeFile int64
	// MaxFiles and MaxBytes bound one run. Defaults 50,000 and 1 GB.
	MaxFiles int
	MaxBytes int64
	// Rate returns how many files and bytes a second recent runs of the target have covered, sent or
	// found unchanged; 0 is unknown. A run gets what takes RunTime. May be nil.
	Rate func() (files, bytes float64)
	// RunTime is what one run over trees should take at most: a live change below it waits.
	// Default 0.5 s.
	RunTime time.Duration
	// HardLinks lists all names of a file together (rsync -H).
	HardLinks bool
	// Links is told of every file with several names, and without HardLinks only told: a write
	// through one name must reach the target under each of them. May be nil.
	Links LinkIndex
	// MayList reports whether many owed names of one directory may become one Listing of it, which
	// deletes what else the target has there. May be nil: never.
	MayList func() bool
	// Owed returns the Since of the oldest debt that the target has not been paid, 0 for none. A
	// content debt is a path, and does not follow when its directory is renamed: the Subtree that
	// the new name is owed, with its Content bit, looks for changes since then. May be nil.
	Owed func() int64
	// Margin is how far a file's ctime may lie before the store that dirtied it: a store through a
	// mapping moves it only at the next write-back. Default 60 s.
	Margin time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Check == nil {
		o.Check = o.Root
	}
	if o.Open.Wait <= 0 {
		o.Open.Wait = 5 * time.Minute
	}
	if o.LargeFile <= 0 {
		o.LargeFile = 64 << 20
	}
	if o.MaxFiles <= 0 {
		o.MaxFiles = 50_000
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 1e9
	}
	if o.RunTime <= 0 {
		o.RunTime = 500 * time.Millisecond
	}
	if o.Margin <= 0 {
		o.Margin = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

const (
	// exactRuns is how many times as long a run over exact paths may take: nothing but a second
	// change of the same file waits for its end.
	exactRuns = 4
	// assumedFiles and assumedBytes are the rates a second of a target of which nothing is known:
	// 280 µs for a small changed file, and a disk. Both only matter until the first run has ended.
	assumedFiles = 3_500
	assumedBytes = 100e6
	// minFiles and minBytes keep a slow target from having runs that are all start-up.
	minFiles = 512
	minBytes = 4 << 20
)

// limits returns the bounds of a run of a kind that starts now.
func (o *Options) limits(kind task.Kind) (files int, bytes int64) {
	f, b := 0.0, 0.0
	if o.Rate != nil {
		f, b = o.Rate()
	}
	if f <= 0 {
		f = assumedFiles
	}
	if b <= 0 {
		b = assumedBytes
	}
	runTime := o.RunTime.Seconds()
	if kind == task.KindContent {
		runTime *= exactRuns
	}
	files = min(max(int(min(f*runTime, 1e9)), minFiles), o.MaxFiles)
	bytes = min(max(int64(min(b*runTime, 1e15)), minBytes), o.MaxBytes)
	return files, bytes
}
