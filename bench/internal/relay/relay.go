package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Relay carries connections to one far address.
type Relay struct {
	listener net.Listener
	far      string
	delay    time.Duration
}

// Listen opens a free port of 127.0.0.1 whose connections lead to far, delay away in each
// direction.
func Listen(far string, delay time.Duration) (*Relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the relay: %w", err)
	}
	return &Relay{listener: l, far: far, delay: delay}, nil
}

// Addr is where clients connect, as host:port.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Run serves until ctx is done. It is called once.
func (r *Relay) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = r.listener.Close() })
	defer stop()
	var connections sync.WaitGroup
	defer connections.Wait()
	for {
		near, err := r.listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = near.Close()
			}
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("accept at the relay: %w", err)
		}
		if err != nil {
			continue // the client is gone again
		}
		connections.Go(func() { r.carry(ctx, near) })
	}
}

// carry serves one connection until both of its lanes have ended or ctx is done.
func (r *Relay) carry(ctx context.Context, near net.Conn) {
	defer near.Close()
	if !pause(ctx, 3*r.delay) { // SYN, SYN-ACK, ACK
		return
	}
	far, err := new(net.Dialer).DialContext(ctx, "tcp", r.far)
	if err != nil {
		return // the client sees its connection closed, as by a refusal a little later
	}
	defer far.Close()
	stop := context.AfterFunc(ctx, func() {
		_ = near.Close()
		_ = far.Close()
	})
	defer stop()
	var lanes sync.WaitGroup
	for _, ends := range [][2]net.Conn{{near, far}, {far, near}} {
		l := newLane(r.delay)
		lanes.Go(func() { l.read(ends[0]) })
		lanes.Go(func() { l.write(ctx, ends[1]) })
	}
	lanes.Wait()
}

// pause waits, and tells whether ctx still stands.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
