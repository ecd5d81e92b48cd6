package rsynctest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// SSHServer is a running sshd with a throw-away host key that lets in a throw-away user key.
type SSHServer struct {
	port int
	user string
	dir  string
	proc *process
}

// SSHD starts an sshd on a free port of 127.0.0.1. It ends with the test.
func SSHD(t testing.TB) *SSHServer {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatalf("ask for the user's name: %v", err)
	}
	s := &SSHServer{user: u.Username, dir: t.TempDir()}
	s.keys(t)
	if os.Geteuid() == 0 {
		os.MkdirAll("/run/sshd", 0o755) // sshd's privilege separation wants it
	}
	program := mustLook(t, "sshd")
	for range 5 {
		s.port = freePort(t)
		s.configure(t)
		s.proc = start(t, program, "-D", "-e", "-f", s.file("sshd_config"))
		if greets(t, s.proc, fmt.Sprintf("127.0.0.1:%d", s.port)) {
			return s
		}
	}
	t.Fatal("sshd did not start")
	return nil
}

// Port is where it listens on 127.0.0.1.
func (s *SSHServer) Port() int { return s.port }

// RSH is the value for rsync's -e: it knows the port, the keys and nothing of the user's own.
func (s *SSHServer) RSH() string {
	return fmt.Sprintf("ssh -F /dev/null -p %d -i %s -o UserKnownHostsFile=%s -o IdentitiesOnly=yes"+
		" -o StrictHostKeyChecking=yes -o BatchMode=yes", s.port, s.file("key"), s.file("known"))
}

// Dest is rsync's notation for a directory behind the sshd, with a trailing slash.
func (s *SSHServer) Dest(dir string) string { return s.user + "@127.0.0.1:" + dir + "/" }

// Config is what RSH says, as lines for an ssh_config.
func (s *SSHServer) Config() string {
	return fmt.Sprintf("Port %d\nIdentityFile %s\nUserKnownHostsFile %s\nIdentitiesOnly yes\n"+
		"StrictHostKeyChecking yes\nBatchMode yes\n", s.port, s.file("key"), s.file("known"))
}

// Logins is how often somebody was let in.
func (s *SSHServer) Logins() int { return strings.Count(s.proc.out.String(), "Accepted publickey") }

// KnownHosts is the file that RSH trusts; a test may change it to see a changed host key.
func (s *SSHServer) KnownHosts() string { return s.file("known") }

func (s *SSHServer) file(name string) string { return filepath.Join(s.dir, name) }

func (s *SSHServer) keys(t testing.TB) {
	t.Helper()
	keygen := mustLook(t, "ssh-keygen")
	for _, name := range []string{"key", "host"} {
		cmd := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", s.file(name))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("make a key: %v: %s", err, out)
		}
	}
}

func (s *SSHServer) configure(t testing.TB) {
	t.Helper()
	config := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s\nAuthorizedKeysFile %s\n"+
		"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"+
		// bash reads ~/.bashrc when sshd starts it as a first shell; what stands there is not ours.
		"MaxStartups 100\nSetEnv SHLVL=2\n", s.port, s.file("host"), s.file("key.pub"))
	if err := os.WriteFile(s.file("sshd_config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(s.file("host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	known := fmt.Appendf(nil, "[127.0.0.1]:%d %s", s.port, public)
	if err := os.WriteFile(s.file("known"), known, 0o600); err != nil {
		t.Fatal(err)
	}
}
