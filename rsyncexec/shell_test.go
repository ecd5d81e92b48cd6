package rsyncexec

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

// What only ssh's own configuration names, wherever it lies, a confined run's ssh can use: a shared
// connection, a key, known hosts, and further configuration.
func TestConfinedRunsShareAConnection(t *testing.T) {
	requireLandlock(t)
	server, src, dst := rsynctest.SSHD(t), t.TempDir(), t.TempDir()
	shared, err := os.MkdirTemp("", "ssh") // short: it is in a socket's address
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(shared) })
	keys, included := filepath.Join(t.TempDir(), "config"), filepath.Join(t.TempDir(), "more")
	must(t, os.WriteFile(included, []byte("ControlPath "+shared+"/%C\nControlMaster auto\nControlPersist 60\n"), 0o600))
	must(t, os.WriteFile(keys, []byte("Include "+included+"\n"+server.Config()), 0o600))
	o := Options{Dest: server.Dest(dst), RSH: "ssh -F " + keys, Landlock: true}
	r := NewRunner(o)
	_, err = r.Probe(t.Context())
	must(t, err)
	end := func() {
		user, host := remoteOf(o.Dest)
		exec.Command("ssh", "-F", keys, "-O", "exit", "-l", user, host).Run()
	}
	t.Cleanup(end)
	end() // probes are not confined, and one of them has made the connection
	before := server.Logins()
	for _, name := range []string{"a", "b"} {
		tree(t, src, name)
		run(t, r, Invocation{RootFD: openRoot(t, src), Items: []Item{{Path: name}}})
		if got := server.Logins() - before; got != 1 || !exists(filepath.Join(dst, name)) {
			t.Errorf("after %s: %d logins, want one that is shared", name, got)
		}
	}
}

func TestShellQuestion(t *testing.T) {
	for _, tt := range []struct {
		name string
		o    Options
		want []string
	}{
		{"plain", Options{Dest: "h:/d"}, []string{"ssh", "-G", "-v", "h"}},
		{"user", Options{Dest: "u@h:/d"}, []string{"ssh", "-G", "-v", "-l", "u", "h"}},
		{"IPv6", Options{Dest: "u@[::1]:/d"}, []string{"ssh", "-G", "-v", "-l", "u", "::1"}},
		{
			"quotes",
			Options{Dest: "h:d", RSH: `/usr/bin/ssh -o "ControlPath=/a b/%C" -i '/it''s' `},
			[]string{"/usr/bin/ssh", "-G", "-v", "-o", "ControlPath=/a b/%C", "-i", "/it's", "h"},
		},
		{"before ssh", Options{Dest: "h:d", RSH: "nice ssh -p 1"}, []string{"nice", "ssh", "-G", "-v", "-p", "1", "h"}},
		{"the user's -e", Options{Dest: "h:d", Args: []string{"-e", "ssh -4"}}, []string{"ssh", "-G", "-v", "-4", "h"}},
		{"--rsh", Options{Dest: "h:d", Args: []string{"--rsh=ssh -4"}}, []string{"ssh", "-G", "-v", "-4", "h"}},
		{"environment", Options{Dest: "h:d", Env: []string{"RSYNC_RSH=ssh -6"}}, []string{"ssh", "-G", "-v", "-6", "h"}},
		{
			"a daemon behind it",
			Options{Dest: "rsync://u@h:99/m/a@b", RSH: "ssh -4"},
			[]string{"ssh", "-G", "-v", "-4", "-l", "u", "h"},
		},
		{"not ssh", Options{Dest: "h:d", RSH: "/opt/shell"}, nil},
		{"an option for a host", Options{Dest: "u@-oProxyCommand=x:d"}, nil},
		{"a daemon", Options{Dest: "rsync://h/m"}, nil},
		{"local", Options{Dest: "/d"}, nil},
	} {
		if diff := cmp.Diff(tt.want, tt.o.shellQuestion()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// What does not answer as OpenSSH does, or not in time, allows nothing and fails nothing.
func TestShellThatDoesNotAnswer(t *testing.T) {
	for name, script := range map[string]string{
		"another program": "echo usage: ssh host command; exit 1",
		"other words":     "echo; echo identityfile; echo controlpath none; echo userknownhostsfile /",
	} {
		dir := t.TempDir()
		ssh := filepath.Join(dir, "ssh")
		must(t, os.WriteFile(ssh, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
		r := NewRunner(Options{Dest: "h:/d", RSH: ssh})
		if got := r.shellRules(t.Context()); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}
