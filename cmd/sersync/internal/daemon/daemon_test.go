package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/google/go-cmp/cmp"
)

// The test binary is also the background process: SERSYNC_TEST_ROLE says what it does.
// Of the process that calls Detach it is "detach", and nextEnv has the role of the one that it starts.
const (
	roleEnv = "SERSYNC_TEST_ROLE"
	nextEnv = "SERSYNC_TEST_NEXT"
)

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleEnv); role {
	case "":
		os.Exit(m.Run())
	case "detach":
		os.Setenv(roleEnv, os.Getenv(nextEnv))
		if err := Detach(context.Background(), append([]string{os.Args[0]}, os.Args[1:]...)); err != nil {
			fmt.Fprintln(os.Stderr, "detach:", err)
			os.Exit(1)
		}
	default:
		os.Exit(background(role))
	}
}

// background writes what it is into the file of its first argument, and stays until that is gone.
func background(role string) int {
	notice, err := Inherited()
	if err != nil || notice == nil {
		fmt.Fprintln(os.Stderr, "not inherited:", err)
		return 2
	}
	switch role {
	case "fail":
		fmt.Fprintln(os.Stderr, "config: line 3: no such tree")
		return 1
	case "hang":
		select {}
	}
	if err := notice.Ready(nil); err != nil {
		return 3
	}
	fmt.Fprintln(os.Stderr, "this must not reach the terminal")
	return describe(os.Args[1])
}

func describe(file string) int {
	comm, _ := os.ReadFile("/proc/self/comm")
	lines := []string{"comm " + strings.TrimSpace(string(comm))}
	for fd := range 3 {
		to, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		lines = append(lines, fmt.Sprintf("fd %d %s", fd, to))
	}
	session, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	lines = append(lines, "leader "+strconv.FormatBool(int(session) == os.Getpid()))
	_, left := os.LookupEnv(noticeEnv)
	lines = append(lines, "environment left "+strconv.FormatBool(left))
	fifo, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return 4
	}
	fmt.Fprintln(fifo, strings.Join(lines, "\n"))
	fifo.Close()
	return 0
}

// detached runs a process that calls Detach, under the name sersync2; role is what the background
// process then does.
func detached(t *testing.T, role string, args ...string) (stderr string, err error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "sersync2")
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(executable, name); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), roleEnv+"=detach", nextEnv+"="+role)
	var b strings.Builder
	cmd.Stderr = &b
	err = cmd.Run()
	return b.String(), err
}

func TestDetach(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	stderr, err := detached(t, "ready", fifo)
	if err != nil || stderr != "" {
		t.Fatalf("the waiting process: %v, stderr %q", err, stderr)
	}
	got, err := os.ReadFile(fifo)
	if err != nil {
		t.Fatal(err)
	}
	want := "comm sersync2\nfd 0 /dev/null\nfd 1 /dev/null\nfd 2 /dev/null\nleader true\nenvironment left false\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the background process (-want +got):\n%s", diff)
	}
}

func TestDetachReportsEarlyEnd(t *testing.T) {
	stderr, err := detached(t, "fail")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("exit: %v, want 1", err)
	}
	want := "config: line 3: no such tree\ndetach: the background process ended before it was ready: exit status 1\n"
	if diff := cmp.Diff(want, stderr); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}

// Ctrl-C reaches the process that waits; the one behind it is in another session and must go too.
func TestDetachStopped(t *testing.T) {
	t.Setenv(roleEnv, "hang")
	reason := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	if err := Detach(ctx, []string{os.Args[0]}); !errors.Is(err, reason) {
		t.Errorf("Detach = %v, want %v", err, reason)
	}
}

func TestNoticeOfNobody(t *testing.T) {
	notice, err := Inherited()
	if notice != nil || err != nil {
		t.Errorf("Inherited() = %v, %v; want nil, nil", notice, err)
	}
	if err := notice.Ready(nil); err != nil {
		t.Errorf("Ready on nil: %v", err)
	}
}

func TestPidFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	if err := os.WriteFile(path, []byte("123456789012\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	pid, err := WritePid(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := strconv.Itoa(os.Getpid()) + "\n"; err != nil || string(got) != want {
		t.Errorf("pid file is %q (%v), want %q", got, err, want)
	}
	if err := pid.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Remove: %v, want that it is gone", err)
	}
}

func TestPidFileOfTheNextDaemonStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	pid, err := WritePid(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := pid.Remove(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "1\n" {
		t.Errorf("pid file is %q (%v), want that it stayed", got, err)
	}
}

func TestJournalHandler(t *testing.T) {
	type sent struct {
		Message  string
		Priority journal.Priority
	}
	var got []sent
	h := newJournalHandler(slog.LevelInfo, func(m string, p journal.Priority, _ map[string]string) error {
		got = append(got, sent{m, p})
		return nil
	})
	log := slog.New(h)
	log.Debug("unseen")
	log.Info("watching", "directories", 12)
	log.With("target", "h::m").WithGroup("run").Warn("run failed", "code", 23, "time", "kept")
	log.Error("no room")
	want := []sent{
		{"watching directories=12", journal.PriInfo},
		{"run failed target=h::m run.code=23 run.time=kept", journal.PriWarning},
		{"no room", journal.PriErr},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sent to the journal (-want +got):\n%s", diff)
	}
}
