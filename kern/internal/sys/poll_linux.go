//go:build linux

package sys

import "golang.org/x/sys/unix"

// Poll blocks until one of in is readable or one of pri has something urgent: /proc/self/mountinfo
// has when a mount came or went (proc(5)), while it is readable all the time. The answer says
// which: first those of in, then those of pri.
func Poll(in, pri []int) ([]bool, error) {
	fds := make([]unix.PollFd, 0, len(in)+len(pri))
	for _, fd := range in {
		fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	for _, fd := range pri {
		fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLPRI})
	}
	for {
		_, err := unix.Poll(fds, -1)
		if err == unix.EINTR {
			continue
		}
		ready := make([]bool, len(fds))
		for i := range fds {
			ready[i] = fds[i].Revents != 0
		}
		return ready, err
	}
}
