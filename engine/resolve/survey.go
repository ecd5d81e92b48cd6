package resolve

import (
	"context"
	"math"
	"sync"

	"github.com/sersync/sersync/kern/scan"
)

// survey is what is in a directory, or below it.
type survey struct {
	files   int   // entries of any type
	bytes   int64 // of the files that are not large
	large   []found
	changed []string // files whose ctime is at or after surveyOptions.since
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
	sv := &survey{}
	p.looker.Reset() // a walk takes its time, and the looker sees a renamed directory at its old path
	if o.maxFiles == 0 {
		o.maxFiles = math.MaxInt
	}
	if o.maxBytes == 0 {
		o.maxBytes = math.MaxInt64
	}
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	var mu sync.Mutex
	filter := p.opts.Filter
	err := p.opts.Root.Walk(ctx, dir, 0, scan.WalkOptions{
		CrossMounts: p.opts.CrossMounts,
		Stat:        true,
		Skip: func(path []byte, isDir bool) bool {
			if filter != nil && filter.Excluded(path, isDir) {
				return true
			}
			if !o.level || !isDir {
				return false
			}
			mu.Lock()
			defer mu.Unlock()
			sv.dirs = true
			sv.count(0, &o, cancel)
			return true
		},
		Entry: func(_ uint64, path, _ []byte, st *scan.Stat) {
			mu.Lock()
			defer mu.Unlock()
			if st.Kind == scan.KindFile {
				sv.file(path, st, p.opts, &o)
			}
			sv.dirs = sv.dirs || st.Kind == scan.KindDir
			size := st.Size
			if st.Kind != scan.KindFile || size > p.opts.LargeFile {
				size = 0
			}
			sv.count(size, &o, cancel)
		},
		Fail: func(path []byte, err error) {
			mu.Lock()
			defer mu.Unlock()
			if sv.err == nil {
				sv.failed, sv.err = string(path), err
			}
		},
	})
	if err != nil && sv.err == nil && !sv.over {
		sv.failed, sv.err = dir, err
	}
	return sv
}

// count adds an entry and ends the walk at the bounds.
func (sv *survey) count(size int64, o *surveyOptions, stop func()) {
	sv.files++
	sv.bytes += size
	if sv.files > o.maxFiles || sv.bytes > o.maxBytes {
		sv.over = true
		stop()
	}
}

// file notes what is special about a file.
func (sv *survey) file(path []byte, st *scan.Stat, opts *Options, o *surveyOptions) {
	changed := o.since != 0 && st.Ctime >= o.since
	switch {
	case st.Size > opts.LargeFile:
		sv.large = append(sv.large, found{string(path), changed})
	case changed:
		sv.changed = append(sv.changed, string(path))
	}
	if st.Nlink > 1 && opts.HardLinks {
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
