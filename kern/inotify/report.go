package inotify

import (
	"path"
	"slices"
	"strings"
	"sync"
)

// Report is what a walk did.
type Report struct {
	// Dirs is how many directories are watched by it.
	Dirs int
	// Pending are directories that may not be read, at most 256 of them: a later chmod raises an
	// Attrib event, at which to try again.
	Pending []string
	// Unwatched are the topmost directories that are not watched though they should be, for want
	// of watches or because they could not be read. Nothing that happens below them is seen, so
	// they have to be looked at now and then. Past 256 they are put together under their parents.
	Unwatched []string
	// Limit is set where the kernel refused a watch.
	Limit *LimitError
}

// blindMax bounds the lists of a Report.
const blindMax = 256

// blind collects what a walk could not watch; many goroutines add.
type blind struct {
	mu         sync.Mutex
	pendings   []string
	unwatcheds []string
	failures   int   // other than a want of watches or of permission
	first      error // of these
}

func (b *blind) pending(p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pendings) < blindMax {
		b.pendings = append(b.pendings, string(p))
	}
}

func (b *blind) unwatched(p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unwatcheds = append(b.unwatcheds, string(p))
	if len(b.unwatcheds) >= 4*blindMax {
		b.unwatcheds = topmost(b.unwatcheds, blindMax)
	}
}

// failed notes a directory that could not be opened, read or watched. One line per walk is logged.
func (b *blind) failed(p []byte, err error) {
	b.unwatched(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	if b.first == nil {
		b.first = err
	}
}

func (w *walk) report() Report {
	w.blind.mu.Lock()
	defer w.blind.mu.Unlock()
	if w.blind.first != nil {
		w.source.log.Warn("directories are not watched", "root", w.tree.root.Path(),
			"count", w.blind.failures, "first", w.blind.first)
	}
	slices.Sort(w.blind.pendings)
	r := Report{
		Dirs:      int(w.dirs.Load()),
		Pending:   w.blind.pendings,
		Unwatched: topmost(w.blind.unwatcheds, blindMax),
	}
	if beyond := int(w.beyond.Load()); beyond > 0 {
		r.Limit = w.source.limitError(beyond)
	}
	return r
}

// topmost returns paths without those that lie below another one. While there are more than limit
// of them, all are replaced by their parents. "" is above everything.
func topmost(paths []string, limit int) []string {
	for {
		slices.SortFunc(paths, comparePaths)
		kept := paths[:0]
		for _, p := range paths {
			if n := len(kept); n == 0 || !covers(kept[n-1], p) {
				kept = append(kept, p)
			}
		}
		if len(kept) <= limit {
			return kept
		}
		for i, p := range kept {
			if kept[i] = path.Dir(p); kept[i] == "." {
				kept[i] = ""
			}
		}
		paths = kept
	}
}

// comparePaths sorts a directory directly before what is below it.
func comparePaths(a, b string) int {
	return strings.Compare(strings.ReplaceAll(a, "/", "\x00"), strings.ReplaceAll(b, "/", "\x00"))
}

func covers(dir, p string) bool { return dir == "" || within(p, dir) }
