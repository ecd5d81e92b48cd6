//go:build linux

package sys

import "golang.org/x/sys/unix"

// OpenMountinfo opens /proc/self/mountinfo for Poll. An os.File would not do: Go's runtime adds it
// to its own epoll set, and whoever polls first takes the news that a mount came or went away from
// the other (mounts_poll in fs/proc_namespace.c keeps it in the open file).
func OpenMountinfo() (int, error) {
	return unix.Open("/proc/self/mountinfo", unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

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
