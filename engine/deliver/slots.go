package deliver

import "time"

// slotBack is after how long a target that had too many connections is given one more.
const slotBack = 30 * time.Second

// slots is how many runs of a target may be under way. A daemon that serves no more connections
// lowers it for a while.
type slots struct {
	all   int
	fewer int // how many are taken away
	back  time.Time
}

// now returns how many runs are allowed.
func (s *slots) now(now time.Time) int {
	for s.fewer > 0 && !now.Before(s.back) {
		s.fewer--
		s.back = s.back.Add(slotBack)
	}
	return s.all - s.fewer
}

// lower is for a run that was refused while running others went on. It reports false if there is
// nothing left to lower.
func (s *slots) lower(running int, now time.Time) bool {
	if running < 1 {
		return false
	}
	s.fewer = s.all - min(running, s.now(now))
	s.back = now.Add(slotBack)
	return true
}
