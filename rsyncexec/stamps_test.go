package rsyncexec

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

// coarse is an empty directory on a filesystem that keeps whole seconds.
func coarse(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skipf("mount a loop device: %v", syscall.EPERM)
	}
	image, dir := filepath.Join(t.TempDir(), "image"), t.TempDir()
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 8<<20))
	for _, argv := range [][]string{{"mkfs.ext4", "-q", "-I", "128", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	t.Cleanup(func() { must(t, exec.Command("umount", "-l", dir).Run()) })
	must(t, os.Remove(filepath.Join(dir, "lost+found")))
	return dir
}

// A target that keeps whole seconds, compared to the nanosecond, is sent everything on every run.
func TestCoarseTargetIsNotSentEverythingAgain(t *testing.T) {
	for _, over := range []string{"local", "daemon"} {
		t.Run(over, func(t *testing.T) {
			t.Parallel()
			dst, src := coarse(t), t.TempDir()
			var log bytes.Buffer
			o := Options{Dest: dst, Log: slog.New(slog.NewTextHandler(&log, nil)), Landlock: over == "local"}
			if over == "daemon" {
				d := rsynctest.Daemon(t, rsynctest.Options{Modules: []rsynctest.Module{{Path: dst}}})
				o.Dest = d.URL("m")
			}
			at := time.Unix(1e9, 500)
			write := func(path, content string) {
				tree(t, src, path+"="+content)
				at = at.Add(time.Nanosecond)
				must(t, os.Chtimes(filepath.Join(src, path), at, at))
			}
			for i := range 20 {
				write(fmt.Sprintf("d%d/f", i), "AAAA")
			}
			root := openRoot(t, src)
			whole := Invocation{RootFD: root, Items: []Item{{Dir: true}}, Recursive: true}
			level := Invocation{RootFD: root, Items: []Item{{Path: "d1", Dir: true, Level: true}, {Path: "d2/f"}}}
			none := func(what string, r *Runner, inv Invocation) {
				t.Helper()
				if res := run(t, r, inv); res.Sent != 0 {
					t.Errorf("%s: sent %q", what, res.Transferred)
				}
			}

			r := NewRunner(o)
			if res := run(t, r, whole); res.Sent != 20 {
				t.Fatalf("the first pass sent %d files", res.Sent)
			}
			none("the second pass", r, whole)
			none("a listing", r, level)
			write("d1/f", "BBBB") // the same size in the same second
			if res := run(t, r, level); res.Sent != 1 {
				t.Errorf("of one change sent %q", res.Transferred)
			}
			sameContent(t, src, dst)
			r.doubt() // the connection broke
			none("a pass after a broken connection", r, whole)
			if q, err := r.Probe(t.Context()); err != nil || !q.Coarse || !strings.Contains(q.Words(), "256") {
				t.Errorf("%+v, %v", q, err)
			}
			if got := strings.Count(log.String(), "coarse"); got != 1 {
				t.Errorf("said %d times:\n%s", got, &log)
			}
			none("the first pass of the next process", NewRunner(o), whole)

			r = NewRunner(o)
			w := startWarm(t, r, WarmOptions{RootFD: root})
			write("d3/f", "CCCC")
			_, err := w.Run(t.Context(), []Item{{Path: "d3/f"}}, nil)
			must(t, err)
			none("a listing after a warm run", r, level)
			sameContent(t, src, dst)
		})
	}
}

// counted is an rsync that runs before itself in each run, but a probe, and notes its arguments.
func counted(t *testing.T, before string) (program string, runs func() []string) {
	t.Helper()
	dir := t.TempDir()
	program = filepath.Join(dir, "rsync")
	script := fmt.Sprintf(`#!/bin/sh
case "$*" in
*--version*|*-probe-*) ;;
*) echo "$*" >>%s/runs
%s ;;
esac
exec rsync "$@"
`, dir, before)
	must(t, os.WriteFile(program, []byte(script), 0o755))
	return program, func() []string {
		b, _ := os.ReadFile(filepath.Join(dir, "runs"))
		return strings.Split(strings.TrimSpace(string(b)), "\n")
	}
}

// Where nanoseconds are kept, that costs one run that writes nothing, after the first run that
// sends a file.
func TestExactTargetIsAskedOnce(t *testing.T) {
	program, runs := counted(t, "")
	src, dst := t.TempDir(), t.TempDir()
	r := NewRunner(Options{Dest: dst, Program: program})
	tree(t, src, "f=1", "g=1", "h=1")
	inv := Invocation{RootFD: openRoot(t, src), Items: []Item{{Path: "f"}, {Path: "g"}}, Compare: Content}
	for i := range 3 {
		tree(t, src, "f="+strings.Repeat("x", i))
		run(t, r, inv)
	}
	if got := runs(); len(got) != 4 || !strings.Contains(got[1], " -n ") {
		t.Errorf("runs:\n%s", strings.Join(got, "\n"))
	}
	if q, _ := r.Probe(t.Context()); q.Coarse {
		t.Error("the target was taken for coarse")
	}
}

// A file that changes all the time is different whenever it is looked at.
func TestFileThatChangesMakesNoTargetCoarse(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	program, runs := counted(t, "date +%N >"+src+"/f")
	r := NewRunner(Options{Dest: dst, Program: program})
	tree(t, src, "f")
	inv := Invocation{RootFD: openRoot(t, src), Items: []Item{{Path: "f"}}, Compare: Content}
	for range 5 {
		run(t, r, inv)
	}
	if q, _ := r.Probe(t.Context()); q.Coarse {
		t.Error("the target was taken for coarse")
	}
	// A look, a run to make sure and another look, a few times and then no more.
	if got := len(runs()); got > 5+3*stampTries {
		t.Errorf("%d runs for 5:\n%s", got, strings.Join(runs(), "\n"))
	}
}
