package resolve

import (
	"context"
	"math"
	"sync"

	"github.com/sersync/sersync/kern/scan"
)

// survey is what is in a directory, or below it.
type survey struct {
	surveyOptions
	opts *Options
	stop context.CancelFunc

	mu      sync.Mutex // the walk calls from several goroutines
	files   int        // entries of any type
	bytes   int64      // of the files that are not large
	large   []found
	changed []string // files whose ctime is at or after since
	linked  []linked // files with several names
	dirs    bool     // there are directories
	over    bool     // more than allowed: the rest was not looked at
	failed  string   // the first directory or entry that could not be read
	err     error    // why
}

// found is a large file.
type found struct {
	path    string
	changed bool
}

// surveyOptions say what a survey looks for.
type surveyOptions struct {
	level    bool  // own entries only
	maxFiles int   // 0: no bound
	maxBytes int64 // 0: no bound
	since    int64 // 0: changed is not asked for
}

// survey looks at each entry of dir, or at all below it. It ends early, over, at the bounds. The
// error of the context is the caller's to look at.
func (p *pass) survey(dir string, o surveyOptions) *survey {
	if o.maxFiles == 0 {
		o.maxFiles = math.MaxInt
	}
	if o.maxBytes == 0 {
		o.maxBytes = math.MaxInt64
	}
	p.looker.Reset() // a walk takes its time, and the looker sees a renamed directory at its old path
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	sv := &survey{surveyOptions: o, opts: p.opts, stop: cancel}
	err := p.opts.Root.Walk(ctx, dir, 0, scan.WalkOptions{
		CrossMounts: p.opts.CrossMounts, Stat: true,
		Skip: sv.skip, Entry: sv.entry, Fail: sv.fail,
	})
	if err != nil && !sv.over {
		sv.fail([]byte(dir), err)
	}
	return sv
}

// skip leaves out what is excluded, and what is below where only dir's own entries are wanted.
func (sv *survey) skip(path []byte, isDir bool) bool {
	if f := sv.opts.Filter; f != nil && f.Excluded(path, isDir) {
		return true
	}
	if !sv.level || !isDir {
		return false
	}
	sv.mu.Lock()
	defer sv.mu.Unlock()
	sv.dirs = true
	sv.countLocked(0)
	return true
}

func (sv *survey) entry(_ uint64, path, _ []byte, st *scan.Stat) {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	size := int64(0)
	if st.Kind == scan.KindFile {
		sv.fileLocked(path, st)
		if st.Size <= sv.opts.LargeFile {
			size = st.Size
		}
	}
	sv.dirs = sv.dirs || st.Kind == scan.KindDir
	sv.countLocked(size)
}

// fail notes the first directory or entry that could not be read.
func (sv *survey) fail(path []byte, err error) {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	if sv.err == nil {
		sv.failed, sv.err = string(path), err
	}
}

// countLocked adds an entry and ends the walk at the bounds.
func (sv *survey) countLocked(size int64) {
	sv.files++
	sv.bytes += size
	if sv.files > sv.maxFiles || sv.bytes > sv.maxBytes {
		sv.over = true
		sv.stop()
	}
}

// fileLocked notes what is special about a file.
func (sv *survey) fileLocked(path []byte, st *scan.Stat) {
	changed := sv.since != 0 && st.Ctime >= sv.since
	switch {
	case st.Size > sv.opts.LargeFile:
		sv.large = append(sv.large, found{string(path), changed})
	case changed:
		sv.changed = append(sv.changed, string(path))
	}
	if st.Nlink > 1 && sv.opts.HardLinks {
		sv.linked = append(sv.linked, linked{inode{st.Dev, st.Ino}, st.Nlink, string(path)})
	}
}

// children returns the paths of the directories in dir that are mirrored, at most limit of them;
// ok is false if there are more, or dir could not be read.
func (p *pass) children(dir string, limit int) (paths []string, ok bool) {
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	filter := p.opts.Filter
	err := p.opts.Root.Walk(ctx, dir, 0, scan.WalkOptions{
		CrossMounts: p.opts.CrossMounts,
		Workers:     1,
		Skip: func(path []byte, isDir bool) bool {
			if isDir && (filter == nil || !filter.Excluded(path, true)) {
				paths = append(paths, string(path))
				if len(paths) > limit {
					cancel()
				}
			}
			return true
		},
	})
	return paths, err == nil && len(paths) <= limit
}
