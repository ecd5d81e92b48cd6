package inotify

import "sync/atomic"

type counters struct {
	watches, overflows, malformed, dropped, detached, published, swept, reaped atomic.Int64
}

// Stats are what the Source has counted since it was made. Any goroutine may ask.
type Stats struct {
	Watches   int64 // directories in the table: watches held, as of the last Decode
	Overflows int64 // times that the kernel's queue was full
	Malformed int64 // buffers that the decoder did not understand; each is a loss
	Dropped   int64 // records of directories not published yet that found no room
	Detached  int64 // records of directories that have left the trees
	Published int64 // what walks have told the table
	Swept     int64 // directories that a Rewalk did not find
	Reaped    int64 // watches removed
}

// Stats returns the counts.
func (s *Source) Stats() Stats {
	c := &s.stats
	return Stats{
		Watches: c.watches.Load(), Overflows: c.overflows.Load(), Malformed: c.malformed.Load(),
		Dropped: c.dropped.Load(), Detached: c.detached.Load(), Published: c.published.Load(),
		Swept: c.swept.Load(), Reaped: c.reaped.Load(),
	}
}
