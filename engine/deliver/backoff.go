package deliver

import (
	"math/rand/v2"
	"time"
)

const (
	// pathFirst and pathLongest bound the wait of a path that failed: a file locked for a moment is
	// soon done, one that nobody may write costs a run every ten minutes.
	pathFirst   = time.Second
	pathLongest = 10 * time.Minute
)

// backoff returns first doubled tries times, at most longest, less up to a fifth at random, so that
// targets which failed together do not come back together.
func backoff[N ~uint8 | ~int](tries N, first, longest time.Duration) time.Duration {
	d := longest
	if tries < 20 {
		d = min(first<<tries, longest)
	}
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}
