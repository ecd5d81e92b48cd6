package deliver

import "time"

const (
	firstProbe = 100 * time.Millisecond
	// longestProbe is how long a target that is back waits at most for its changes, longestFault the
	// same for faults that a person has to mend, where each try is a line in somebody's log.
	longestProbe = 5 * time.Second
	longestFault = 60 * time.Second
	// probeSize is how many debts are tried first on a target that is down.
	probeSize = 16
)

// breaker is whether a target is up. While it is down one run at a time tries, with a short list.
type breaker struct {
	class   Class // ClassNone: it is up
	err     error
	since   time.Time // when it went down
	failed  time.Time // when it was last seen to be
	tries   int
	next    time.Time // not tried before
	probing bool
	limit   int // size of the next list
}

func (b *breaker) down() bool { return b.class != ClassNone }

// fail notes that a run or a look at the source failed as a whole. It reports whether that is news.
func (b *breaker) fail(class Class, err error, now time.Time) (news bool) {
	news = b.class != class
	if !b.down() {
		b.since, b.tries, b.limit = now, 0, probeSize
	} else {
		b.limit = max(b.limit/2, 1)
	}
	b.class, b.err, b.failed = class, err, now
	longest := longestProbe
	switch class {
	case ClassAuth, ClassConfig, ClassMissing:
		longest = longestFault
	}
	b.next = now.Add(backoff(b.tries, firstProbe, longest))
	b.tries++
	return news
}

// succeed notes that a run which started at started did not fail as a whole. It reports whether the
// target is up again by that. A full disk may have room for a short list and not for the next one,
// so there lists grow until they are as long as any.
func (b *breaker) succeed(started time.Time, all bool) (news bool) {
	if !b.down() || started.Before(b.failed) {
		return false
	}
	b.next = time.Time{}
	if b.class == ClassDiskFull && !all && b.limit < fewest {
		b.limit *= 2
		return false
	}
	*b = breaker{}
	return true
}
