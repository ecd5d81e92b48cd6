package daemon

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// noticeEnv names the descriptor on which the background process says that it is ready.
const noticeEnv = "SERSYNC_NOTICE_FD"

// EndedError is returned when the background process ended before it was ready. If it exited, it
// has already written to standard error why.
type EndedError struct {
	State *os.ProcessState
}

func (e *EndedError) Error() string {
	return "the background process ended before it was ready: " + e.State.String()
}

// Detach runs the program again with the arguments args (args[0] included) in a session of its
// own, and waits until that process is ready. It returns nil then, an *EndedError if
// the process ended instead, and ctx's error, after the process has ended, if ctx is done first.
func Detach(ctx context.Context, args []string) error {
	path, err := self(args[0])
	if err != nil {
		return fmt.Errorf("find the program %s: %w", args[0], err)
	}
	notice, child, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make the notice pipe: %w", err)
	}
	defer notice.Close()
	cmd := &exec.Cmd{
		Path: path, Args: args,
		Env:         append(os.Environ(), noticeEnv+"=3"),
		Stderr:      os.Stderr, // nil for the others: /dev/null
		ExtraFiles:  []*os.File{child},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	child.Close() // the other end must be the only one left, or its death is never seen
	if err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Signal(syscall.SIGTERM) })
	_, err = io.ReadFull(notice, make([]byte, 1))
	if err == nil {
		stop()
		return cmd.Process.Release()
	}
	_ = cmd.Wait() // how it ended is in its ProcessState
	if !stop() {
		return context.Cause(ctx)
	}
	return &EndedError{State: cmd.ProcessState}
}

// self is the path that executes this program so that the kernel names the process as the user
// did: killall and pgrep look at that name, which is the last component of this path. If argv[0]
// does not lead here (a login shell's "-sersync", exec -a), it is the executable's own path.
func self(argv0 string) (string, error) {
	executable, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := argv0
	if !strings.Contains(path, "/") {
		if path, err = exec.LookPath(path); err != nil {
			return executable, nil //nolint:nilerr // the name is not on PATH: the path is as good
		}
	}
	if path, err = filepath.Abs(path); err != nil {
		return executable, nil //nolint:nilerr // no working directory: the path is as good
	}
	named, err := os.Stat(path)
	if err != nil {
		return executable, nil //nolint:nilerr // argv[0] is a free text: the path is as good
	}
	running, err := os.Stat("/proc/self/exe")
	if err != nil || !os.SameFile(named, running) {
		return executable, nil
	}
	return path, nil
}
