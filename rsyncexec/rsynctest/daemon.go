package rsynctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Module is one [module] of a test daemon.
type Module struct {
	Name string // "" is "m"
	Path string // "" is a new temporary directory
	// Params are further lines, e.g. "read only = yes", "refuse options = delete".
	Params []string
}

// Options says what kind of daemon a test wants; the zero value is one writable module "m".
type Options struct {
	// Program is the rsync to run as the daemon, "" the one in PATH.
	Program string
	Modules []Module
	// NoChroot is for `use chroot = no`; symlinks are not munged then. A daemon that does not
	// run as root never uses chroot.
	NoChroot bool
	// MaxConnections limits each module, 0 does not.
	MaxConnections int
	// Users makes every module ask for one of these names and passwords.
	Users map[string]string
	// Params are further global lines, e.g. "timeout = 4", "motd file = /x".
	Params []string
}

// Server is a running rsync daemon.
type Server struct {
	t       testing.TB
	program string
	port    int
	dir     string
	paths   map[string]string
	proc    *process
}

// Daemon starts an rsync daemon on a free port of 127.0.0.1. It ends with the test.
func Daemon(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{t: t, program: o.Program, dir: t.TempDir(), paths: map[string]string{}}
	if s.program == "" {
		s.program = mustLook(t, "rsync")
	}
	if len(o.Modules) == 0 {
		o.Modules = []Module{{}}
	}
	s.configure(o)
	for range 5 {
		s.port = freePort(t)
		if s.launch() {
			return s
		}
	}
	t.Fatalf("rsync daemon did not start:\n%s", s.Log())
	return nil
}

// Port is where it listens on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// Addr is host:port.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// URL is rsync's notation for the module, with a trailing slash.
func (s *Server) URL(module string) string { return "rsync://" + s.Addr() + "/" + module + "/" }

// UserURL is URL with a user's name.
func (s *Server) UserURL(user, module string) string {
	return "rsync://" + user + "@" + s.Addr() + "/" + module + "/"
}

// Path is the directory behind the module.
func (s *Server) Path(module string) string { return s.paths[module] }

// Log is what the daemon has logged, and printed, so far.
func (s *Server) Log() string {
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	if s.proc == nil {
		return string(log)
	}
	return string(log) + s.proc.out.String()
}

// Stop ends the daemon and its connections as a crash would; Start brings it back on its port.
func (s *Server) Stop() {
	// A connection's process is in the daemon's group: rsync forks, it does not setsid.
	s.proc.kill()
}

// Start brings a stopped daemon back on the same port.
func (s *Server) Start() {
	s.t.Helper()
	if !s.launch() {
		s.t.Fatalf("rsync daemon did not start again:\n%s", s.Log())
	}
}

// Freeze stops the daemon and its connections from running (SIGSTOP): a hung target.
func (s *Server) Freeze() { s.proc.signal(syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (s *Server) Thaw() { s.proc.signal(syscall.SIGCONT) }

func (s *Server) launch() bool {
	s.t.Helper()
	s.proc = start(s.t, s.program, "--daemon", "--no-detach", "--address=127.0.0.1",
		fmt.Sprintf("--port=%d", s.port), "--config="+filepath.Join(s.dir, "rsyncd.conf"))
	return greets(s.t, s.proc, s.Addr())
}

// configure writes rsyncd.conf and makes the modules' directories.
func (s *Server) configure(o Options) {
	s.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "log file = %s/log\nreverse lookup = no\n", s.dir)
	for _, line := range o.Params {
		fmt.Fprintln(&b, line)
	}
	if len(o.Users) > 0 {
		fmt.Fprintf(&b, "secrets file = %s\nauth users = ", s.secrets(o.Users))
		for name := range o.Users {
			fmt.Fprintf(&b, "%s ", name)
		}
		b.WriteByte('\n')
	}
	for _, m := range o.Modules {
		s.module(&b, m, o)
	}
	conf := filepath.Join(s.dir, "rsyncd.conf")
	if err := os.WriteFile(conf, []byte(b.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) module(b *strings.Builder, m Module, o Options) {
	s.t.Helper()
	if m.Name == "" {
		m.Name = "m"
	}
	if m.Path == "" {
		m.Path = s.t.TempDir()
	}
	s.paths[m.Name] = m.Path
	fmt.Fprintf(b, "[%s]\npath = %s\nread only = no\n", m.Name, m.Path)
	if os.Geteuid() == 0 {
		b.WriteString("uid = 0\ngid = 0\n")
	}
	if os.Geteuid() != 0 || o.NoChroot {
		b.WriteString("use chroot = no\nmunge symlinks = no\n")
	} else {
		b.WriteString("use chroot = yes\n")
	}
	if o.MaxConnections > 0 {
		fmt.Fprintf(b, "max connections = %d\nlock file = %s/lock\n", o.MaxConnections, s.dir)
	}
	for _, line := range m.Params {
		fmt.Fprintln(b, line)
	}
}

func (s *Server) secrets(users map[string]string) string {
	s.t.Helper()
	var b strings.Builder
	for name, password := range users {
		fmt.Fprintf(&b, "%s:%s\n", name, password)
	}
	file := filepath.Join(s.dir, "secrets")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// mustLook finds a program that the tests cannot do without; sshd is not in everyone's PATH.
func mustLook(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if path := filepath.Join("/usr/sbin", name); fileExists(path) {
		return path
	}
	t.Fatalf("%s is not installed: the tests need it", name)
	return ""
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
