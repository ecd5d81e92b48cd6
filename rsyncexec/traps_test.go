package rsyncexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// hungChild starts a run that never ends.
func hungChild() int {
	root, err := os.Open(os.Getenv("SRC"))
	if err != nil {
		return 1
	}
	r := NewRunner(Options{Dest: os.Getenv("DST"), Program: os.Getenv("PROGRAM")})
	r.remember(Quirks{Local: Version{3, 5, 0}, Branch: BranchA, window: "-@-1"})
	r.Run(context.Background(), Invocation{RootFD: int(root.Fd()), Items: []Item{{Path: "x"}}})
	return 0
}

// A run must not go on, and write what the next daemon has written better, after a kill -9.
func TestAKilledDaemonTakesItsRunsAlong(t *testing.T) {
	said := filepath.Join(t.TempDir(), "pid")
	program := fake(t, fmt.Sprintf("trap '' TERM HUP INT PIPE\necho $$ >%[1]s.x; mv %[1]s.x %[1]s\nexec sleep 1000\n", said))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childMode+"=hung", "PROGRAM="+program, "SRC="+t.TempDir(), "DST="+t.TempDir())
	must(t, cmd.Start())
	eventually(t, "a run is under way", func() bool { return exists(said) })
	must(t, cmd.Process.Kill())
	cmd.Wait()
	b, err := os.ReadFile(said)
	must(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	eventually(t, "its run is gone too", func() bool {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || isZombie(pid)
	})
}

// rsync takes the end of file for the end of its list: whoever could die while it writes one into
// a pipe must not write one into a pipe.
func TestAListIsCompleteBeforeItsRunBegins(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	program := fake(t, fmt.Sprintf(`case "$*" in *" -n "*) exit 0;; esac
{ stat -L -c '%%F %%s' /proc/$$/fd/0; cat | tr '\0' ' '; } >%s
`, seen))
	r := NewRunner(Options{Dest: t.TempDir(), Program: program})
	run(t, r, Invocation{
		RootFD: openRoot(t, "/"), Compare: Content, Delete: DeleteBudget, MaxDelete: -1,
		Items: []Item{{Path: "a"}, {Path: "b/c", Missing: true}},
	})
	b, err := os.ReadFile(seen)
	must(t, err)
	if got, want := string(b), "regular file 8\n/a /b/c "; got != want {
		t.Errorf("a run has found %q, want %q", got, want)
	}
}
