package rsyncexec

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

// tree makes files below dir: "path" or "path=content"; "path/" is a directory, "path->to" a
// symlink.
func tree(t testing.TB, dir string, entries ...string) {
	t.Helper()
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e, "/"); ok {
			must(t, os.MkdirAll(filepath.Join(dir, name), 0o755))
			continue
		}
		if name, to, ok := strings.Cut(e, "->"); ok {
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
			must(t, os.Symlink(to, filepath.Join(dir, name)))
			continue
		}
		name, content, ok := strings.Cut(e, "=")
		if !ok {
			content = name
		}
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o644))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openRoot pins dir as the source.
func openRoot(t testing.TB, dir string) int {
	t.Helper()
	f, err := os.Open(dir)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return int(f.Fd())
}

// equal compares two trees down to the nanosecond.
func equal(t testing.TB, src, dst string) {
	t.Helper()
	if diff := cmp.Diff(rsynctest.Tree(t, src), rsynctest.Tree(t, dst)); diff != "" {
		t.Errorf("the target differs (-source +target):\n%s", diff)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// eventually waits for a condition that no channel tells of.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-ctx.Done():
			t.Fatalf("never happened: %s", what)
		case <-tick.C:
		}
	}
}

// target is one kind of target for a test that must hold on all of them.
type target struct {
	name string
	make func(t *testing.T) (o Options, dir string)
}

func targets() []target {
	return []target{
		{"local", func(t *testing.T) (Options, string) {
			dir := t.TempDir()
			return Options{Dest: dir}, dir
		}},
		{"daemon with chroot", func(t *testing.T) (Options, string) {
			if os.Geteuid() != 0 {
				t.Skip("only root can chroot")
			}
			d := rsynctest.Daemon(t, rsynctest.Options{})
			return Options{Dest: d.URL("m")}, d.Path("m")
		}},
		{"daemon without chroot", func(t *testing.T) (Options, string) {
			d := rsynctest.Daemon(t, rsynctest.Options{NoChroot: true})
			return Options{Dest: d.URL("m")}, d.Path("m")
		}},
		{"ssh", func(t *testing.T) (Options, string) {
			s, dir := rsynctest.SSHD(t), t.TempDir()
			return Options{Dest: s.Dest(dir), RSH: s.RSH()}, dir
		}},
	}
}

// everywhere runs f once for each kind of target.
func everywhere(t *testing.T, f func(t *testing.T, o Options, dir string)) {
	t.Helper()
	for _, tg := range targets() {
		t.Run(tg.name, func(t *testing.T) {
			t.Parallel()
			o, dir := tg.make(t)
			f(t, o, dir)
		})
	}
}

// nearby runs f on the two kinds of target whose exit codes differ.
func nearby(t *testing.T, f func(t *testing.T, o Options, dir string)) {
	t.Helper()
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		f(t, Options{Dest: dir}, dir)
	})
	t.Run("daemon", func(t *testing.T) {
		t.Parallel()
		d := rsynctest.Daemon(t, rsynctest.Options{})
		f(t, Options{Dest: d.URL("m")}, d.Path("m"))
	})
}

// run is a run that must succeed.
func run(t testing.TB, r *Runner, inv Invocation) Result {
	t.Helper()
	res, err := r.Run(t.Context(), inv)
	if err != nil {
		t.Fatalf("run: %v\n%s", err, res.Stderr)
	}
	return res
}

// unprivileged runs the rest of the test as somebody whom the kernel refuses things.
func unprivileged(t *testing.T) bool {
	t.Helper()
	if os.Getuid() != 0 {
		return true
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Args[0] = os.Args[0]
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = os.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("as nobody: %v\n%s", err, out)
	}
	return false
}
