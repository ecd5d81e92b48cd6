package engine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sersync/sersync/engine/deliver"
	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
	"github.com/sersync/sersync/rsyncexec"
)

// newTestRunner runs rsync from src to dst without what an engine has around it.
func newTestRunner(t *testing.T, src, dst string) (*runner, *scan.Root) {
	t.Helper()
	root, err := scan.OpenRoot(src)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	rules, err := filter.Parse()
	if err != nil {
		t.Fatal(err)
	}
	return &runner{
		rsync: rsyncexec.NewRunner(rsyncexec.Options{Dest: dst}), rules: rules,
		guard: guard.New(guard.Options{Contact: guard.Clean}),
		root:  func() *scan.Root { return root },
		hold:  func(*task.Plan) (func(), error) { return func() {}, nil },
	}, root
}

// What rsync can't read at the source makes it skip every deletion of its run, and it has no word
// for those that are left: they must not be taken for done.
func TestDeletionsThatRsyncSkippedAreNotPaid(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	for _, path := range []string{"file", "d/f"} {
		write(t, filepath.Join(src, path))
	}
	write(t, filepath.Join(dst, "d/extra"))
	r, root := newTestRunner(t, src, dst)
	plan := &task.Plan{RootFD: root.FD(), Kind: task.KindQuick, Items: []task.Item{
		{Path: "d", Dir: true, Level: true}, {Path: "file/below"}, // became a file after the look
	}}
	res, err := r.Run(context.Background(), plan, guard.Budget{Delete: true, Max: -1})
	var fault *deliver.RunError
	if !errors.As(err, &fault) || fault.Class != deliver.ClassPartial {
		t.Fatalf("err = %v, want that of a run of which some paths failed", err)
	}
	if _, err := os.Stat(filepath.Join(dst, "d/extra")); err != nil {
		t.Fatalf("rsync has not skipped the deletion: %v", err)
	}
	for _, want := range []string{"d/extra", "file/below"} {
		named := slices.ContainsFunc(res.Failed, func(f deliver.PathFailure) bool { return f.Path == want })
		if !res.FailedKnown || !named {
			t.Errorf("the run says that all but %v is done (%v), and %s is not", res.Failed, res.FailedKnown, want)
		}
	}
}

// A directory that nobody may read is what failed, not the whole tree that it is in.
func TestAnUnreadableDirectoryFailsAlone(t *testing.T) {
	if os.Getuid() == 0 {
		cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Dir, cmd.SysProcAttr = os.TempDir(), &syscall.SysProcAttr{
			Credential: &syscall.Credential{Uid: 65534, Gid: 65534},
		}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Fatalf("as nobody: %v\n%s", err, out)
		}
		return
	}
	src, dst := t.TempDir(), t.TempDir()
	write(t, filepath.Join(src, "a/f"))
	write(t, filepath.Join(src, "a/secret/f"))
	secret := filepath.Join(src, "a/secret")
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(secret, 0o755) })
	r, root := newTestRunner(t, src, dst)
	for range 2 { // the first also sends
		res, err := r.Run(context.Background(), &task.Plan{
			RootFD: root.FD(), Kind: task.KindTree, Items: []task.Item{{Dir: true}},
		}, guard.Budget{Delete: true, Max: 0})
		if err == nil || !res.FailedKnown || res.Left != 0 {
			t.Fatalf("%+v, %v", res, err)
		}
		if len(res.Failed) != 1 || res.Failed[0].Path != "a/secret" || !res.Failed[0].Dir ||
			!strings.Contains(res.Failed[0].Why, "Permission denied") {
			t.Errorf("%+v, want a/secret and what is below it", res.Failed)
		}
	}
	if _, err := os.Stat(filepath.Join(dst, "a/f")); err != nil {
		t.Error(err)
	}
}

// A run that was ended while a receiver was at work is in doubt until that has surely ended.
func TestWhichRunsMayFinishLate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault rsyncexec.Error
		want  bool
	}{
		{"no connection", rsyncexec.Error{Code: rsyncexec.ExitSocketIO, Class: rsyncexec.Unreachable, Detail: "Connection refused"}, false},
		{"the connection broke", rsyncexec.Error{Code: rsyncexec.ExitStreamIO, Class: rsyncexec.Unreachable, Detail: "connection unexpectedly closed"}, true},
		{"reset", rsyncexec.Error{Code: rsyncexec.ExitSocketIO, Class: rsyncexec.Unreachable, Detail: "Connection reset by peer"}, true},
		{"no progress", rsyncexec.Error{Class: rsyncexec.Timeout}, true},
		{"ended by us", rsyncexec.Error{Class: rsyncexec.Killed}, true},
		{"some paths failed", rsyncexec.Error{Code: rsyncexec.ExitPartial, Class: rsyncexec.Partial}, false},
	} {
		if got := begun(&tt.fault); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(path), 0o644); err != nil {
		t.Fatal(err)
	}
}
