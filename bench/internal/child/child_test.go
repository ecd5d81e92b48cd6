package child_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sersync/sersync/bench/internal/child"
)

// TestMain plays the processes too: the test binary, with one of these in its environment.
func TestMain(m *testing.M) {
	switch os.Getenv("CHILD_TEST") {
	case "ready":
		notify("STATUS=coming\n", "READY=1\nMAINPID=1\n")
		select {}
	case "broken":
		os.Stdout.WriteString("no watches left\n")
		os.Exit(1)
	case "silent":
		time.AfterFunc(time.Minute, func() { os.Exit(3) })
		select {}
	}
	goleak.VerifyTestMain(m)
}

func notify(messages ...string) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
	if err != nil {
		panic(err)
	}
	for _, m := range messages {
		err := syscall.Sendto(fd, []byte(m), 0, &syscall.SockaddrUnix{Name: os.Getenv("NOTIFY_SOCKET")}) // "@…": abstract
		if err != nil {
			panic(err)
		}
	}
}

func play(t *testing.T, part string, env ...string) *child.Process {
	t.Helper()
	p, err := child.Start(child.Options{
		Argv: []string{os.Args[0]}, Env: append(env, "CHILD_TEST="+part),
		Log: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func listen(t *testing.T) *child.Notify {
	t.Helper()
	n, err := child.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func TestReadyWhenItSaysSo(t *testing.T) {
	n := listen(t)
	before := time.Now()
	p := play(t, "ready", n.Env())
	at, err := n.Ready(t.Context(), p)
	if err != nil || at.Before(before) {
		t.Errorf("ready at %v, %v", at, err)
	}
	if _, err := p.Usage(); err != nil {
		t.Errorf("usage: %v", err)
	}
	if found := child.Naming(os.Args[0]); len(found) != 1 {
		t.Errorf("processes that name %s: %q", os.Args[0], found)
	}
	p.Stop(time.Minute)
	if found := child.Naming(os.Args[0]); len(found) != 0 {
		t.Errorf("left over: %q", found)
	}
}

func TestReadySaysWhyItIsNot(t *testing.T) {
	n := listen(t)
	_, err := n.Ready(t.Context(), play(t, "broken", n.Env()))
	if !errors.Is(err, child.ErrEnded) || !strings.Contains(err.Error(), "no watches left") {
		t.Errorf("Ready of a process that fails = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := play(t, "silent", n.Env())
	cancel()
	if _, err := n.Ready(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("Ready, canceled = %v", err)
	}
}

func TestStopForcesAStoppedProcess(t *testing.T) {
	p := play(t, "silent")
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	p.Stop(10 * time.Millisecond)
	var exit *exec.ExitError
	if !errors.As(p.Err(), &exit) || !exit.Sys().(syscall.WaitStatus).Signaled() {
		t.Errorf("it ended with %v", p.Err())
	}
}

func TestRsyncd(t *testing.T) {
	dir, module := t.TempDir(), t.TempDir()
	d, err := child.StartRsyncd(t.Context(), "rsync", dir, map[string]string{"m": module}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { d.Stop() }()
	source := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(source, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mark, err := d.Mark()
	if err != nil {
		t.Fatal(err)
	}
	run := func() {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "rsync", "-a", "--delete", source+"/", d.URL("m")).CombinedOutput()
		if err != nil {
			t.Fatalf("rsync: %v\n%s", err, out)
		}
	}
	run()
	if err := os.Remove(filepath.Join(source, "a")); err != nil {
		t.Fatal(err)
	}
	d.Stop()
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run()
	// The last line is written after the client has ended.
	var got child.Traffic
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for got.Received == 0 {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the daemon logs no bytes")
		}
		if got, err = d.Since(mark); err != nil {
			t.Fatal(err)
		}
	}
	if got.Runs != 2 || got.Stored < 2 || got.Deleted != 1 || got.Received == 0 {
		t.Errorf("traffic of two runs, two files and a deletion: %+v", got)
	}
	if _, err := os.Stat(filepath.Join(module, "b")); err != nil {
		t.Error(err)
	}
}

func TestRsyncdThatCannotStart(t *testing.T) {
	_, err := child.StartRsyncd(t.Context(), "false", t.TempDir(), nil, false)
	if err == nil {
		t.Error("a daemon that exits at once has started")
	}
}
