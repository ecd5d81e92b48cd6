package relay_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sersync/sersync/bench/internal/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo serves a far end that sends back what it gets, and ends with the test.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(c, c)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func start(t *testing.T, far string, delay time.Duration) (addr string, stop func()) {
	t.Helper()
	r, err := relay.Listen(far, delay)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		ended <- nil
	}
	t.Cleanup(stop)
	return r.Addr(), stop
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

func TestARoundTripTakesTwiceTheDelay(t *testing.T) {
	const delay = 20 * time.Millisecond
	addr, _ := start(t, echo(t), delay)
	c := dial(t, addr)
	answer := make([]byte, 1)
	for trip := range 4 {
		began := time.Now()
		if _, err := c.Write([]byte{'x'}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, answer); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 2*delay {
			t.Errorf("round trip %d took %v, less than %v", trip, took, 2*delay)
		}
	}
}

func TestBytesArriveWholeAndTheEndToo(t *testing.T) {
	const delay = 30 * time.Millisecond
	addr, _ := start(t, echo(t), delay)
	c := dial(t, addr)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB
	go func() {
		_, _ = c.Write(sent)
		_ = c.CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, sent) {
		t.Errorf("got %d bytes back, sent %d", len(got), len(sent))
	}
}

func TestAFarEndThatIsNotThereClosesTheConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	far := l.Addr().String()
	l.Close()
	addr, _ := start(t, far, time.Millisecond)
	if n, err := dial(t, addr).Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes from nobody", n)
	}
}

func TestRunEndsWithConnectionsOpen(t *testing.T) {
	addr, stop := start(t, echo(t), time.Millisecond)
	c := dial(t, addr)
	if _, err := c.Write([]byte{'x'}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection outlives Run")
	}
}
