package rsyncexec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

// fake is a program in rsync's place.
func fake(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rsync")
	script := "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'rsync  version 3.5.0  protocol version 32'; exit; }\n" + body
	must(t, os.WriteFile(path, []byte(script), 0o755))
	return path
}

// A run that ignores SIGTERM is killed with all its children when the grace is over.
func TestStopEndsTheWholeGroup(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	program := fake(t, fmt.Sprintf(`case "$*" in *" -n "*) exit 0;; esac
trap '' TERM
sleep 1000 & echo $! >%[1]s.x; echo $$ >>%[1]s.x; mv %[1]s.x %[1]s
while :; do wait; done
`, pids))
	r := NewRunner(Options{Dest: t.TempDir(), Program: program, Grace: 100 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := r.Run(ctx, Invocation{RootFD: openRoot(t, "/"), Items: []Item{{Path: "x"}}})
		done <- err
	}()
	eventually(t, "it runs", func() bool { return exists(pids) })
	cancel()
	err := <-done
	var e *Error
	if !errors.As(err, &e) || e.Class != Killed || !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	b, err := os.ReadFile(pids)
	must(t, err)
	for _, word := range strings.Fields(string(b)) {
		pid, _ := strconv.Atoi(word)
		eventually(t, "process "+word+" is gone", func() bool {
			return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || isZombie(pid)
		})
	}
}

// isZombie: an orphan may wait for this container's init to reap it.
func isZombie(pid int) bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	return strings.HasPrefix(rest, "Z")
}

func TestHungTargetIsLeftInTime(t *testing.T) {
	d := rsynctest.Daemon(t, rsynctest.Options{})
	src := t.TempDir()
	tree(t, src, "f")
	r := NewRunner(Options{Dest: d.URL("m"), Grace: 100 * time.Millisecond})
	_, err := r.Probe(t.Context())
	must(t, err)
	d.Freeze()
	defer d.Thaw()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = r.Run(ctx, Invocation{RootFD: openRoot(t, src), Items: []Item{{Path: "f"}}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %v", took)
	}
}

// Threads, descriptors and children of ended runs must not add up.
func TestRunsLeaveNothing(t *testing.T) {
	src := t.TempDir()
	tree(t, src, "f")
	r := NewRunner(Options{Dest: t.TempDir(), Nice: true})
	root := openRoot(t, src)
	inv := Invocation{RootFD: root, Items: []Item{{Path: "f"}}, Bulk: true}
	run(t, r, inv)
	before := left(t)
	for range 10 {
		run(t, r, inv)
		w, err := r.Warm(t.Context(), WarmOptions{RootFD: root})
		must(t, err)
		w.Close()
	}
	eventually(t, "descriptors, threads and children are as before", func() bool {
		now := left(t)
		return now[0] <= before[0] && now[1] <= before[1]+2 && now[2] == 0
	})
	if prio, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err != nil || prio != 20 {
		t.Errorf("a thread of ours runs at priority %d (20 is normal): %v", prio, err)
	}
}

// left counts open descriptors, threads and children of this process.
func left(t *testing.T) [3]int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	threads, err := os.ReadDir("/proc/self/task")
	must(t, err)
	children := 0
	for _, th := range threads {
		b, _ := os.ReadFile("/proc/self/task/" + th.Name() + "/children")
		children += len(strings.Fields(string(b)))
	}
	return [3]int{len(fds), len(threads), children}
}

func TestBulkRunsIdle(t *testing.T) {
	report := filepath.Join(t.TempDir(), "report")
	program := fake(t, `case "$*" in *" -n "*) exit 0;; esac
{ nice; ionice; env | sort; } >`+report+"\n")
	t.Setenv("SECRET_OF_THE_DAEMON", "x")
	r := NewRunner(Options{Dest: t.TempDir(), Program: program, Nice: true})
	for bulk, want := range map[bool]string{true: "19\nidle", false: "0\nnone"} {
		run(t, r, Invocation{RootFD: openRoot(t, "/"), Items: []Item{{Path: "x"}}, Bulk: bulk})
		b, err := os.ReadFile(report)
		must(t, err)
		if !strings.HasPrefix(string(b), want) {
			t.Errorf("bulk %v: %q, want %q", bulk, b, want)
		}
		if strings.Contains(string(b), "SECRET") || !strings.Contains(string(b), "LC_ALL=C\n") {
			t.Errorf("environment: %s", b)
		}
	}
}

// Whoever outlives the run with its output open (ssh's ControlPersist master) does not hold it.
func TestOutputLeftOpenByAnother(t *testing.T) {
	program := fake(t, `case "$*" in *" -n "*) exit 0;; esac
setsid sleep 3 &
echo '<f+++++++++ 5 x'
exit 0
`)
	r := NewRunner(Options{Dest: "host:/x", Program: program})
	began := time.Now()
	res := run(t, r, Invocation{RootFD: openRoot(t, "/"), Items: []Item{{Path: "x"}}})
	if took := time.Since(began); took > 2500*time.Millisecond || res.Sent != 1 {
		t.Errorf("took %v, %+v", took, res)
	}
}

func TestListFileIsCompleteAndSealed(t *testing.T) {
	for name, mk := range map[string]func([]byte) (*os.File, error){
		"memfd": listFile, "older kernels": tempListFile,
	} {
		f, err := mk([]byte("/a\x00/b\x00"))
		must(t, err)
		if b, err := io.ReadAll(f); err != nil || string(b) != "/a\x00/b\x00" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if name == "memfd" {
			if _, err := f.WriteAt([]byte("x"), 0); err == nil {
				t.Error("a sealed list can be written to")
			}
		}
		f.Close()
	}
}
