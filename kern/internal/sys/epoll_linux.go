//go:build linux

package sys

import (
	"time"

	"golang.org/x/sys/unix"
)

// EpollEvent is one descriptor that became readable.
type EpollEvent = unix.EpollEvent

// EpollCreate makes an epoll instance, close-on-exec.
func EpollCreate() (int, error) { return unix.EpollCreate1(unix.EPOLL_CLOEXEC) }

// EpollAdd lets epfd tell while fd is readable.
func EpollAdd(epfd, fd int) error {
	event := EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	return unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &event)
}

// EpollWait blocks until a descriptor is readable.
func EpollWait(epfd int, events []EpollEvent) (int, error) {
	for {
		n, err := unix.EpollWait(epfd, events, -1)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// Eventfd makes a counter to wake a waiter, close-on-exec and non-blocking.
func Eventfd() (int, error) { return unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK) }

// WaitReadable blocks until fd is readable or the time is over. A signal may end it early.
func WaitReadable(fd int, d time.Duration) error {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	ts := unix.NsecToTimespec(int64(d))
	if _, err := unix.Ppoll(fds[:], &ts, nil); err != nil && err != unix.EINTR {
		return err
	}
	return nil
}
