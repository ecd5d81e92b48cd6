package child

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Rsyncd is an rsync daemon on a port of 127.0.0.1.
type Rsyncd struct {
	program string
	dir     string // its own files: configuration and log
	port    int
	proc    *Process
}

// StartRsyncd starts a daemon with its own files in dir. Each module, by name, is a directory;
// transfers says whether the log has a line for every name that is stored or deleted.
func StartRsyncd(ctx context.Context, program, dir string, modules map[string]string, transfers bool) (*Rsyncd, error) {
	d := &Rsyncd{program: program, dir: dir}
	if err := os.WriteFile(d.file("conf"), []byte(d.conf(modules, transfers)), 0o600); err != nil {
		return nil, fmt.Errorf("write the rsync daemon's configuration: %w", err)
	}
	var err error
	// Another process can take a free port before the daemon does.
	for range 5 {
		if d.port, err = freePort(); err != nil {
			return nil, err
		}
		if err = d.Start(ctx); err == nil {
			return d, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// conf is rsyncd.conf, as docs/targets.md recommends it. Without a chroot, which needs root, a daemon
// strips the slash from absolute link targets.
func (d *Rsyncd) conf(modules map[string]string, transfers bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "log file = %s\nreverse lookup = no\nmunge symlinks = no\nsocket options = TCP_NODELAY\n",
		d.file("log"))
	if transfers {
		b.WriteString("transfer logging = yes\nlog format = %o %i %n\n")
	}
	if os.Geteuid() == 0 {
		b.WriteString("uid = 0\ngid = 0\nuse chroot = yes\n")
	} else {
		b.WriteString("use chroot = no\n")
	}
	for name, path := range modules {
		fmt.Fprintf(&b, "[%s]\npath = %s\nread only = no\n", name, path)
	}
	return b.String()
}

func (d *Rsyncd) file(name string) string { return filepath.Join(d.dir, "rsyncd."+name) }

// Start brings the daemon up, also again after Stop, on its port.
func (d *Rsyncd) Start(ctx context.Context) error {
	proc, err := Start(Options{
		Argv: []string{
			d.program, "--daemon", "--no-detach", "--address=127.0.0.1",
			fmt.Sprintf("--port=%d", d.port), "--config=" + d.file("conf"),
		},
		Log: d.file("out"),
	})
	if err != nil {
		return err
	}
	d.proc = proc
	if err := d.greets(ctx); err != nil {
		proc.Kill()
		return fmt.Errorf("start an rsync daemon: %w", err)
	}
	return nil
}

// greets waits until the daemon says its first words to a client.
func (d *Rsyncd) greets(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	retry := time.NewTicker(5 * time.Millisecond)
	defer retry.Stop()
	for !d.hello(ctx) {
		select {
		case <-d.proc.Done():
			return fmt.Errorf("it ended: %s", d.proc.Tail())
		case <-ctx.Done():
			return errors.New("it does not answer")
		case <-retry.C:
		}
	}
	return nil
}

func (d *Rsyncd) hello(ctx context.Context) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.Addr())
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.HasPrefix(line, "@RSYNCD:")
}

// Addr is host:port.
func (d *Rsyncd) Addr() string { return fmt.Sprintf("127.0.0.1:%d", d.port) }

// URL is rsync's notation for a module.
func (d *Rsyncd) URL(module string) string { return "rsync://" + d.Addr() + "/" + module + "/" }

// Stop ends the daemon and its connections as a crash would.
func (d *Rsyncd) Stop() {
	// A connection's process is in the daemon's group: rsync forks, it does not setsid.
	d.proc.Kill()
}

// Freeze stops the daemon and its connections from running: a target that hangs.
func (d *Rsyncd) Freeze() error { return d.proc.Signal(syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (d *Rsyncd) Thaw() error { return d.proc.Signal(syscall.SIGCONT) }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
