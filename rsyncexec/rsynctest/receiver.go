package rsynctest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// RSH is a stand-in for a remote shell: `-e RSH(t) localhost:/dir/` runs rsync's server here,
// without sshd.
func RSH(t testing.TB) string {
	t.Helper()
	// rsync calls it as: rsh HOST command...; ssh joins the words with spaces and gives them to
	// the remote user's shell.
	return script(t, "rsh", "shift\nexec sh -c \"$*\"\n")
}

// Refusing is a receiver (--rsync-path) in front of program ("" the rsync in PATH) that does not
// know the given options, e.g. "-@-1", "--delete-missing-args", and says so as an old rsync does.
func Refusing(t testing.TB, program string, options ...string) string {
	t.Helper()
	if program == "" {
		program = mustLook(t, "rsync")
	}
	var b strings.Builder
	b.WriteString("for a; do case \"$a\" in\n")
	for _, option := range options {
		fmt.Fprintf(&b, "'%[1]s'|'%[1]s='*) echo \"rsync: on remote machine: $a: unknown option\" >&2\n"+
			"\techo 'rsync error: syntax or usage error (code 1) at main.c(1231) [server=3.0.6]' >&2\n"+
			"\texit 1;;\n", option)
	}
	fmt.Fprintf(&b, "esac; done\nexec %s \"$@\"\n", program)
	return script(t, "rsync-old", b.String())
}

// OldRsync is the path of Debian 12's rsync 3.2.7-1+deb12u6, whose --delete-missing-args is
// broken. It is not on every machine: SERSYNC_OLD_RSYNC names it.
func OldRsync(t testing.TB) string {
	t.Helper()
	path := os.Getenv("SERSYNC_OLD_RSYNC")
	switch {
	case path != "" && fileExists(path):
		return path
	case os.Getenv("CI") == "true":
		t.Fatalf("SERSYNC_OLD_RSYNC=%q does not name an rsync 3.2.7: the tests need it in CI", path)
	default:
		t.Skipf("SERSYNC_OLD_RSYNC=%q does not name an rsync 3.2.7 (make test fetches it)", path)
	}
	return ""
}

func script(t testing.TB, name, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
