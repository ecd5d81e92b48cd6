package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// ErrEnded is Ready's when the process ended first.
var ErrEnded = errors.New("ended before it was ready")

// Notify is a service manager's end of sd_notify(3).
type Notify struct {
	conn *net.UnixConn
	name string
}

// Listen makes an abstract socket: a path in a deep directory can be too long for one.
func Listen() (*Notify, error) {
	name := fmt.Sprintf("@sersync-bench/%d/%d", os.Getpid(), time.Now().UnixNano())
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("listen for readiness: %w", err)
	}
	return &Notify{conn: conn, name: name}, nil
}

// Env is what the process needs in its environment.
func (n *Notify) Env() string { return "NOTIFY_SOCKET=" + n.name }

// Close ends it.
func (n *Notify) Close() error { return n.conn.Close() }

// Ready returns when READY=1 came, with the time of that; or p's end, or ctx's.
func (n *Notify) Ready(ctx context.Context, p *Process) (time.Time, error) {
	ended := make(chan struct{})
	quit := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-ctx.Done():
		case <-p.Done():
		case <-quit:
			return
		}
		_ = n.conn.SetReadDeadline(time.Unix(1, 0)) // wakes the read
	}()
	defer func() {
		close(quit)
		<-ended
		_ = n.conn.SetReadDeadline(time.Time{})
	}()
	message := make([]byte, 4096)
	for {
		length, err := n.conn.Read(message)
		if err == nil && ready(message[:length]) {
			return time.Now(), nil
		}
		if err == nil {
			continue
		}
		switch {
		case ctx.Err() != nil:
			return time.Time{}, context.Cause(ctx)
		case errors.Is(err, os.ErrDeadlineExceeded):
			return time.Time{}, fmt.Errorf("%s %w: %s", p.name(), ErrEnded, p.Tail())
		default:
			return time.Time{}, fmt.Errorf("wait for readiness: %w", err)
		}
	}
}

func ready(message []byte) bool {
	for line := range bytes.Lines(message) {
		if strings.TrimSpace(string(line)) == "READY=1" {
			return true
		}
	}
	return false
}
