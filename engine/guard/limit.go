package guard

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Window is the time over which a [Limit] counts.
const Window = time.Hour

const (
	// defaultShare is a tenth of the known tree: a lost mount of one of several projects exceeds it,
	// a day's tidying up in an hour seldom does.
	defaultShare = 0.10
	// leastNames is what a share comes to at least: a tenth of a small tree would stop daily work.
	leastNames = 100
)

// ErrLimit is wrapped by the error of [ParseLimit].
var ErrLimit = errors.New(`not a limit (a number of names, a share such as "10%", or "none")`)

// Limit bounds the names deleted on one target within one [Window]. The zero value is the default:
// a tenth of the known tree, at least 100 names, counting only deletions that nobody saw happen.
// Once it is set, it counts every deletion.
type Limit struct {
	// Names is the bound; negative: there is none.
	Names int64
	// Share, if Names is 0, is the bound as a share of the names that the last full pass counted.
	// It comes to at least 100 names.
	Share float64
}

// ParseLimit reads a limit as it stands in a config: "5000", "10%" or "none".
func ParseLimit(s string) (Limit, error) {
	s = strings.TrimSpace(s)
	if s == "none" {
		return Limit{Names: -1}, nil
	}
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		share, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if err != nil || !(share > 0 && share <= 100) {
			return Limit{}, fmt.Errorf("%q: %w", s, ErrLimit)
		}
		return Limit{Share: share / 100}, nil
	}
	names, err := strconv.ParseInt(s, 10, 64)
	if err != nil || names <= 0 {
		return Limit{}, fmt.Errorf("%q: %w", s, ErrLimit)
	}
	return Limit{Names: names}, nil
}

func (l Limit) explicit() bool { return l != Limit{} }

// names returns the bound for a tree of known names, or -1.
func (l Limit) names(known int64) int64 {
	switch {
	case l.Names < 0:
		return -1
	case l.Names > 0:
		return l.Names
	}
	share := l.Share
	if share == 0 {
		share = defaultShare
	}
	return max(int64(math.Ceil(share*float64(max(known, 0)))), leastNames)
}
