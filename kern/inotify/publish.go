package inotify

import (
	"sync"

	"github.com/sersync/sersync/kern"
)

type noticeKind uint8

const (
	sawDir  noticeKind = iota // wd is name in parent
	sawRoot                   // wd is the root of tree
	sweep                     // the walk over all of tree, stamped visit, is complete
	drop                      // tree is not watched any more
	stray                     // wd is watched, and may be in nobody's table
)

// notice is one thing that walkers have to tell the owner of the table.
type notice struct {
	kind   noticeKind
	length uint8 // of the name
	tree   int32
	serial int32 // of the tree's registration
	parent int32
	wd     int32
	visit  uint32
}

// ledger is where notices wait for the owner of the table.
type ledger struct {
	mu      sync.Mutex
	notices []notice
	names   []byte // one after the other
}

// wakeEvery is how many notices wait before the reader is woken to have them taken in: a million
// directories moved in are taken in steps of a few hundred microseconds.
const wakeEvery = 1024

// append adds a notice and reports whether it is time to wake the reader.
func (l *ledger) append(n notice, name []byte) (wake bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n.length = uint8(len(name)) // NAME_MAX is 255
	l.notices = append(l.notices, n)
	l.names = append(l.names, name...)
	return len(l.notices)%wakeEvery == 0
}

// swap takes everything and leaves the emptied slices in its place.
func (l *ledger) swap(notices []notice, names []byte) ([]notice, []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken, takenNames := l.notices, l.names
	l.notices, l.names = notices[:0], names[:0]
	return taken, takenNames
}

// pending reports how many notices wait.
func (l *ledger) pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.notices)
}

// takePublished brings the table up to date, then decodes the records that waited for that.
func (s *Source) takePublished(emit func(kern.Event)) {
	// Looked at first: if no walk is under way now, everything it published is about to be taken.
	s.walking = s.walks.Load() > 0
	s.apply()
	if len(s.departed.looks) > 0 {
		s.emitLooks(emit)
	}
	if s.unreplayed {
		s.unreplayed = false
		s.replay(emit)
	}
	if !s.walking {
		s.early.records = s.early.records[:0]
		s.departed.count = 0
	}
}

// apply takes in what was published.
func (s *Source) apply() {
	notices, names := s.published.swap(s.applied, s.appliedN)
	rest := names
	for _, n := range notices {
		s.take(n, rest[:n.length])
		rest = rest[n.length:]
	}
	s.stats.published.Add(int64(len(notices)))
	s.unreplayed = s.unreplayed || len(notices) > 0
	s.applied, s.appliedN = notices[:0], names[:0]
	if cap(notices) > 64*wakeEvery {
		s.applied, s.appliedN = nil, nil // the tail of a burst
	}
}

// take applies one notice to the table.
func (s *Source) take(n notice, name []byte) {
	switch n.kind {
	case sawDir:
		s.putSeen(n, name)
	case stray:
		s.takeStray(n)
	case sawRoot:
		if !s.current(n) {
			s.takeStray(n)
			return
		}
		s.table.SetVisit(s.table.Root(keyOf(n.wd), int(n.tree)), n.visit)
	case sweep:
		if s.current(n) {
			s.stats.swept.Add(int64(s.table.Sweep(int(n.tree), n.visit)))
		}
	case drop:
		s.table.Detach(s.table.RootOf(int(n.tree)))
	}
}

// takeStray remembers a watch that has no place. Its stamp is older than any other: every sight of
// the directory counts.
func (s *Source) takeStray(n notice) {
	s.table.Put(kern.NoDir, nil, keyOf(n.wd), n.visit-1<<30)
}
