package epoll_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sersync/sersync/kern/internal/epoll"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newPoller(t *testing.T) (*epoll.Poller, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	p, err := epoll.New(int(r.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, w
}

// wait returns what Wait returns, from a goroutine of its own.
func wait(p *epoll.Poller) <-chan error {
	done := make(chan error, 1)
	go func() { done <- p.Wait() }()
	return done
}

func TestWaitReturnsWhenReadable(t *testing.T) {
	p, w := newPoller(t)
	done := wait(p)
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestWakeBeforeWaitIsNotLost(t *testing.T) {
	p, _ := newPoller(t)
	for range 3 {
		if err := p.Wake(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-wait(p); err != nil {
		t.Fatal(err)
	}
	done := wait(p)
	select {
	case <-done:
		t.Fatal("three calls of Wake woke twice")
	case <-time.After(20 * time.Millisecond):
	}
	if err := p.Wake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestCloseEndsWaiting(t *testing.T) {
	p, _ := newPoller(t)
	done := wait(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, epoll.ErrClosed) {
		t.Fatalf("Wait = %v, want ErrClosed", err)
	}
	if err := p.Wait(); !errors.Is(err, epoll.ErrClosed) {
		t.Fatalf("Wait after Close = %v, want ErrClosed", err)
	}
	if err := p.Wake(); err != nil {
		t.Fatalf("Wake after Close = %v", err)
	}
}

func TestPauseIgnoresTheDescriptors(t *testing.T) {
	p, w := newPoller(t)
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := p.Pause(2 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 2*time.Millisecond {
		t.Fatalf("paused %v, want 2ms", took)
	}
	if err := p.Wake(); err != nil {
		t.Fatal(err)
	}
	if err := p.Pause(time.Hour); err != nil {
		t.Fatal(err)
	}
}

func TestWaitDoesNotAllocate(t *testing.T) {
	p, w := newPoller(t)
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if err := p.Wait(); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
