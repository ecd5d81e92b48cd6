//go:build linux

package sys

import "golang.org/x/sys/unix"

// CoarseNow is the wall clock of which the kernel stamps files, in nanoseconds since the epoch: a
// file that changes after this call has a ctime that is not smaller. The fine clock is ahead of it
// by up to a tick (10 ms at HZ=100).
func CoarseNow() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &ts); err != nil {
		panic("sys: CLOCK_REALTIME_COARSE: " + err.Error()) // there since Linux 2.6.32
	}
	return ts.Nano()
}
