package rsynctest

import (
	"context"
	"net"
	"testing"
	"time"
)

// freePort asks the kernel for a port nobody listens on. Another process can take it before the
// server does; the callers then see their server exit and ask again.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// greets waits until the server at addr says its first words, or p has ended, or the deadline.
func greets(t testing.TB, p *process, addr string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if hello(ctx, addr) {
			return !p.exited()
		}
		select {
		case <-p.done:
			return false
		case <-ctx.Done():
			t.Fatalf("%s did not answer on %s:\n%s", p.cmd.Path, addr, &p.out)
		case <-tick.C:
		}
	}
}

func hello(ctx context.Context, addr string) bool {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(2 * time.Second))
	n, _ := c.Read(make([]byte, 64))
	return n > 0
}
