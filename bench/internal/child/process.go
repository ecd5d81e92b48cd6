package child

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Options says what to start.
type Options struct {
	// Argv is the program and its arguments.
	Argv []string
	// Env is added to this process's own environment.
	Env []string
	// Log receives standard output and standard error; the file is created, or appended to.
	Log string
	// Stdin is the program's standard input, nil is /dev/null.
	Stdin *os.File
}

// Process is a running program, leader of its own process group. Its methods are safe for
// concurrent use.
type Process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error // of Wait; valid after done
}

// Start starts a program. The thread that forks it stays for as long as it runs, because
// PR_SET_PDEATHSIG fires when that thread ends.
func Start(o Options) (*Process, error) {
	log, err := os.OpenFile(o.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", o.Argv[0], err)
	}
	defer log.Close() // the child has its own
	p := &Process{cmd: exec.Command(o.Argv[0], o.Argv[1:]...), log: o.Log, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), o.Env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if o.Stdin != nil {
		p.cmd.Stdin = o.Stdin
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		defer close(p.done)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", o.Argv[0], err)
	}
	return p, nil
}

// Pid is the process's, and its group's, number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended and was waited for.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is what Wait said: nil for exit code 0. It is valid once Done is closed.
func (p *Process) Err() error { return p.err }

// CPU is what the process and the children it waited for have used. It is valid once Done is
// closed.
func (p *Process) CPU() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// Signal sends sig to the whole group.
func (p *Process) Signal(sig syscall.Signal) error {
	if err := syscall.Kill(-p.Pid(), sig); err != nil {
		return fmt.Errorf("signal %s: %w", p.name(), err)
	}
	return nil
}

// Stop asks the group to end, forces it after grace, and returns when the leader has ended. It may
// be called more than once.
func (p *Process) Stop(grace time.Duration) {
	// ESRCH: it ended before us.
	_ = syscall.Kill(-p.Pid(), syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	p.Kill()
}

// Kill ends the group at once and returns when the leader was waited for.
func (p *Process) Kill() {
	// Also when the leader has ended: others of its group may not have.
	_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
	<-p.done
}

// Tail is the end of what the process has printed.
func (p *Process) Tail() string {
	const most = 2000
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return strings.TrimSpace(string(text))
}

func (p *Process) name() string { return filepath.Base(p.cmd.Path) }
