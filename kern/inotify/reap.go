package inotify

import (
	"errors"
	"time"

	"github.com/sersync/sersync/kern/internal/sys"
)

const (
	// quiet is how long a directory is out of the trees before its watches are removed. The other
	// half of a rename, or the walk that finds it elsewhere, comes much sooner.
	quiet = 3 * time.Second
	// reapMost bounds the watches that one call removes: at 1 to 2 µs each, half a millisecond.
	reapMost = 256
)

// Reap removes watches of directories that have been out of the trees for some seconds. It
// belongs to the goroutine that calls Decode and touches no disk. now is the wall clock in
// nanoseconds since the epoch; the answer is when to call it again, 0: not before the next Decode.
func (s *Source) Reap(now int64) (next int64) {
	if s.table.Limbo() == 0 {
		s.agedAt = 0
		return 0
	}
	if s.agedAt != 0 && now < s.agedAt+int64(quiet) && now >= s.agedAt {
		return s.agedAt + int64(quiet)
	}
	if s.agedAt != 0 && s.prune() {
		return now
	}
	if s.table.Limbo() == 0 {
		s.agedAt = 0
		return 0
	}
	s.table.Age()
	s.agedAt = now
	return now + int64(quiet)
}

// prune removes some watches and reports whether more are due.
func (s *Source) prune() (more bool) {
	// Nobody is between adding a watch and publishing it now, so what is still detached after the
	// publications were taken in is watched by nobody.
	s.gate.Lock()
	defer s.gate.Unlock()
	s.apply()
	return s.table.Prune(reapMost, func(key uint64) (gone bool) {
		if s.fd < 0 {
			return true
		}
		err := sys.InotifyRmWatch(s.fd, int32(key))
		if err == nil {
			s.stats.reaped.Add(1)
		}
		return errors.Is(err, sys.ErrInvalid)
	})
}
