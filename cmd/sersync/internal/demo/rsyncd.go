package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const moduleName = "demo"

// rsyncd is an rsync daemon on a port of 127.0.0.1, with one module.
type rsyncd struct {
	port  int
	pid   int
	ended chan struct{} // closed after the process was waited for
	words *strings.Builder
}

// startRsyncd starts the daemon with its files in dir and the module's in replica.
func startRsyncd(ctx context.Context, dir, replica string) (*rsyncd, error) {
	program, err := exec.LookPath("rsync")
	if err != nil {
		return nil, errors.New("rsync is not installed: apt-get install rsync, or dnf install rsync")
	}
	config := filepath.Join(dir, "rsyncd.conf")
	if err := os.WriteFile(config, []byte(rsyncdConf(dir, replica)), 0o600); err != nil {
		return nil, fmt.Errorf("write the rsync daemon's config: %w", err)
	}
	// A free port can be taken before the daemon has it; it ends then, and another is as good.
	for range 5 {
		d := &rsyncd{ended: make(chan struct{}), words: new(strings.Builder)}
		if d.port, err = freePort(); err != nil {
			return nil, err
		}
		if err = d.start(program, config); err != nil {
			return nil, fmt.Errorf("start the rsync daemon: %w", err)
		}
		if err = d.greeted(ctx); err == nil {
			return d, nil
		}
		d.stop()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return nil, fmt.Errorf("start the rsync daemon: %w", err)
}

// rsyncdConf is what docs/targets.md recommends, as far as it matters to one client that is ours.
func rsyncdConf(dir, replica string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "log file = %s\nreverse lookup = no\nuse chroot = no\nmunge symlinks = no\n"+
		"socket options = TCP_NODELAY\n", filepath.Join(dir, "rsyncd.log"))
	if os.Geteuid() == 0 {
		b.WriteString("uid = 0\ngid = 0\n")
	}
	fmt.Fprintf(&b, "[%s]\npath = %s\nread only = no\n", moduleName, replica)
	return b.String()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// start runs the daemon. PDEATHSIG is about the thread that forked, so one thread starts it and
// stays until it has ended.
func (d *rsyncd) start(program, config string) error {
	cmd := exec.Command(program, "--daemon", "--no-detach", "--address=127.0.0.1",
		fmt.Sprintf("--port=%d", d.port), "--config="+config)
	cmd.Stdout, cmd.Stderr = d.words, d.words
	// Its own group: Ctrl-C is for us, who end it when nothing is under way any more.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(d.ended)
		err := cmd.Start()
		if err == nil {
			d.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // it ends when it is told to; d.words says why if earlier
		}
	}()
	return <-started
}

// greeted waits until the daemon says its first words to a client.
func (d *rsyncd) greeted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if d.hello(ctx) {
			return nil
		}
		select {
		case <-tick.C:
		case <-d.ended:
			return fmt.Errorf("it ended: %s", strings.TrimSpace(d.words.String()))
		case <-ctx.Done():
			return errors.New("it does not answer")
		}
	}
}

func (d *rsyncd) hello(ctx context.Context) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", d.port))
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.HasPrefix(line, "@RSYNCD:")
}

// stop ends the daemon and its connections.
func (d *rsyncd) stop() {
	_ = syscall.Kill(-d.pid, syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(2 * time.Second):
		_ = syscall.Kill(-d.pid, syscall.SIGKILL)
		<-d.ended
	}
}
