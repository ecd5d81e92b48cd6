package rsyncexec

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// drainTime is how long a run's output may stay open once its leader has ended, before what
// still holds it is ended too. ssh's ControlPersist master leaves the group and may keep
// standard error open: it is then left alone, and not listened to.
const drainTime = 200 * time.Millisecond

// killSignal can't be put off.
const killSignal = syscall.SIGKILL

// command is what a process is started from.
type command struct {
	argv, env      []string   // argv[0] is the path of the program
	stdin          *os.File   // the child's own from now on: closed here
	extra          []*os.File // descriptors 3, 4, …; stay the caller's
	stdout, stderr io.Writer  // written by two goroutines, until ended is closed
	bulk           bool
	confine        func() error // called on the thread that forks, before it does; may be nil
	grace          time.Duration
}

// process is a running process group and its leader.
type process struct {
	leader *os.Process
	grace  time.Duration
	ended  chan struct{} // closed when the leader is reaped and its output was read
	status syscall.WaitStatus

	mu     sync.Mutex
	reaped bool
	killer *time.Timer // sends SIGKILL when the grace is over; nil until stop
}

// start starts c. The process ends with this one: PR_SET_PDEATHSIG is about the thread that
// forks, so that thread is kept until the child is gone and then, with its priority and its
// confinement, thrown away.
func start(c command) (*process, error) {
	p := &process{grace: c.grace, ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		p.launch(&c, started)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) launch(c *command, started chan<- error) {
	defer close(p.ended)
	readers, err := p.fork(c)
	started <- err
	if err != nil {
		return
	}
	waitExit(p.leader.Pid)
	p.settle(readers)
	p.reap()
}

// fork starts the leader and the two readers of its output.
func (p *process) fork(c *command) (*streams, error) {
	defer c.stdin.Close()
	if c.bulk {
		lowerPriority()
	}
	if c.confine != nil {
		if err := c.confine(); err != nil {
			return nil, err
		}
	}
	s, err := newStreams()
	if err != nil {
		return nil, err
	}
	defer s.closeWriters()
	p.leader, err = os.StartProcess(c.argv[0], c.argv, &os.ProcAttr{
		Env:   c.env,
		Files: append([]*os.File{c.stdin, s.outW, s.errW}, c.extra...),
		Sys:   &syscall.SysProcAttr{Setpgid: true, Pdeathsig: killSignal},
	})
	if err != nil {
		s.closeReaders()
		return nil, err
	}
	s.read(c.stdout, c.stderr)
	return s, nil
}

// settle ends what the leader left of its group. The leader is still a zombie, so that the
// group's number is its own.
func (p *process) settle(s *streams) {
	if !s.wait(drainTime) {
		p.signal(syscall.SIGTERM) // a receiver removes its temporary file
		s.wait(drainTime)
	}
	p.signal(killSignal)
	if !s.wait(drainTime) {
		s.giveUp()
	}
}

func (p *process) reap() {
	p.mu.Lock()
	p.reaped = true
	if p.killer != nil {
		p.killer.Stop()
	}
	p.mu.Unlock()
	if state, err := p.leader.Wait(); err == nil {
		p.status, _ = state.Sys().(syscall.WaitStatus)
	}
}

// signal sends to the whole group, as long as there is one.
func (p *process) signal(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = syscall.Kill(-p.leader.Pid, sig) // ESRCH: all have ended
	}
}

// stop begins to end the group: SIGTERM now, SIGKILL when the grace is over. It does not wait.
func (p *process) stop() {
	p.mu.Lock()
	if p.reaped || p.killer != nil {
		p.mu.Unlock()
		return
	}
	p.killer = time.AfterFunc(p.grace, func() { p.signal(killSignal) })
	p.mu.Unlock()
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGCONT) // a stopped process takes SIGTERM only when it goes on
}

// kill ends the group at once. It does not wait.
func (p *process) kill() { p.signal(killSignal) }

// exitCode is valid once ended is closed.
func (p *process) exitCode() ExitCode {
	if p.status.Signaled() {
		return ExitCode(128 + int(p.status.Signal()))
	}
	return ExitCode(p.status.ExitStatus())
}

// streams are the pipes of a process's output and the goroutines that read them.
type streams struct {
	outR, outW, errR, errW *os.File
	done                   chan struct{} // closed when both have been read to their end
}

func newStreams() (*streams, error) {
	s := &streams{done: make(chan struct{})}
	var err error
	if s.outR, s.outW, err = os.Pipe(); err != nil {
		return nil, err
	}
	if s.errR, s.errW, err = os.Pipe(); err != nil {
		return nil, errors.Join(err, s.outR.Close(), s.outW.Close())
	}
	return s, nil
}

func (s *streams) closeWriters() {
	s.outW.Close()
	s.errW.Close()
}

func (s *streams) closeReaders() {
	s.outR.Close()
	s.errR.Close()
}

func (s *streams) read(stdout, stderr io.Writer) {
	var both sync.WaitGroup
	both.Go(func() { drain(stdout, s.outR) })
	both.Go(func() { drain(stderr, s.errR) })
	go func() {
		both.Wait()
		s.closeReaders()
		close(s.done)
	}()
}

// drain copies until the end; w keeps what it needs and never fails.
func drain(w io.Writer, r io.Reader) {
	buf := make([]byte, 16<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			_, _ = w.Write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// wait waits for the end of both streams, for a time.
func (s *streams) wait(d time.Duration) bool {
	select {
	case <-s.done:
		return true
	default:
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.done:
		return true
	case <-t.C:
		return false
	}
}

// giveUp stops reading although somebody still holds the other end.
func (s *streams) giveUp() {
	now := time.Now()
	_ = s.outR.SetReadDeadline(now)
	_ = s.errR.SetReadDeadline(now)
	<-s.done
}
