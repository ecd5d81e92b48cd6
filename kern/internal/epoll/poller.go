package epoll

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sersync/sersync/kern/internal/sys"
)

// ErrClosed is returned by Wait after Close.
var ErrClosed = errors.New("epoll: closed")

// Poller waits for descriptors that it does not own.
type Poller struct {
	closed atomic.Bool
	events []sys.EpollEvent // of Wait

	// mu is held while a goroutine waits, so that the descriptors are not closed, and their
	// numbers not used again, under it.
	mu   sync.Mutex
	ep   int
	wake int

	// wakeMu guards the use of wake by Wake against Close.
	wakeMu sync.RWMutex
}

// New returns a Poller of fds, which must stay open until after Close.
func New(fds ...int) (*Poller, error) {
	wake, err := sys.Eventfd()
	if err != nil {
		return nil, fmt.Errorf("create eventfd: %w", err)
	}
	ep, err := sys.EpollCreate()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create epoll: %w", err), sys.Close(wake))
	}
	p := &Poller{ep: ep, wake: wake, events: make([]sys.EpollEvent, len(fds)+1)}
	for _, fd := range append([]int{wake}, fds...) {
		if err := sys.EpollAdd(ep, fd); err != nil {
			return nil, errors.Join(fmt.Errorf("add to epoll: %w", err), p.Close())
		}
	}
	return p, nil
}

// Wait blocks until a descriptor is readable or Wake was called since the last Wait. It does not
// allocate.
func (p *Poller) Wait() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		return ErrClosed
	}
	n, err := sys.EpollWait(p.ep, p.events)
	if err != nil {
		return fmt.Errorf("wait for epoll: %w", err)
	}
	if p.closed.Load() {
		return ErrClosed
	}
	for _, e := range p.events[:n] {
		if int(e.Fd) == p.wake {
			var count [8]byte
			if _, err := sys.Read(p.wake, count[:]); err != nil && !errors.Is(err, sys.ErrAgain) {
				return fmt.Errorf("read eventfd: %w", err)
			}
		}
	}
	return nil
}

// Pause lets d pass, or less if the Poller is woken or closed. It looks at no other descriptor.
func (p *Poller) Pause(d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		return ErrClosed
	}
	if err := sys.WaitReadable(p.wake, d); err != nil {
		return fmt.Errorf("wait for eventfd: %w", err)
	}
	return nil
}

// Wake makes Wait return, the present one or the next. It does nothing after Close.
func (p *Poller) Wake() error {
	p.wakeMu.RLock()
	defer p.wakeMu.RUnlock()
	if p.wake < 0 {
		return nil
	}
	one := binary.NativeEndian.AppendUint64(make([]byte, 0, 8), 1)
	// EAGAIN: 2^64-2 calls of Wake that nobody waited for, which is as good as one.
	if err := sys.Write(p.wake, one); err != nil && !errors.Is(err, sys.ErrAgain) {
		return fmt.Errorf("write eventfd: %w", err)
	}
	return nil
}

// Close ends the waiting and releases the Poller's own descriptors. It may be called again.
func (p *Poller) Close() error {
	if p.closed.Swap(true) {
		return nil
	}
	err := p.Wake()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wakeMu.Lock()
	defer p.wakeMu.Unlock()
	err = errors.Join(err, sys.Close(p.ep), sys.Close(p.wake))
	p.ep, p.wake = -1, -1
	return err
}
