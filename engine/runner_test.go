package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sersync/sersync/engine/deliver"
	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
	"github.com/sersync/sersync/rsyncexec"
)

// What rsync can't read at the source makes it skip every deletion of its run, and it has no word
// for those that are left: they must not be taken for done.
func TestDeletionsThatRsyncSkippedAreNotPaid(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	for _, path := range []string{"file", "d/f"} {
		write(t, filepath.Join(src, path))
	}
	write(t, filepath.Join(dst, "d/extra"))
	root, err := scan.OpenRoot(src)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	rules, err := filter.Parse()
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{
		rsync: rsyncexec.NewRunner(rsyncexec.Options{Dest: dst}), rules: rules,
		guard: guard.New(guard.Options{Contact: guard.Clean}),
		root:  func() *scan.Root { return root },
		hold:  func(*task.Plan) (func(), error) { return func() {}, nil },
	}
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
	named := slices.ContainsFunc(res.Failed, func(f deliver.PathFailure) bool { return f.Path == "d/extra" })
	if res.FailedKnown && !named {
		t.Errorf("the run says that all but %v is done, and d/extra is still there", res.Failed)
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
