package rsyncexec

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childMode makes this test binary a process that starts runs and is killed.
const childMode = "SERSYNC_TEST_CHILD"

// child runs lists that delete, and update, again and again until it is killed. Every prefix of
// a listed name is the name of something innocent on the target.
func child(mode string) int {
	switch mode {
	case "hung":
		return hungChild()
	case "pipe":
		return pipeChild()
	}
	src, dst := os.Getenv("SRC"), os.Getenv("DST")
	root, err := os.Open(src)
	if err != nil {
		return 1
	}
	r := NewRunner(Options{Dest: dst})
	r.remember(Quirks{Local: Version{3, 1, 3}, Branch: BranchA, window: "-@-1"})
	fd := int(root.Fd())
	items := prefixItems()
	fmt.Println("ready")
	for {
		switch mode {
		case "cold":
			r.Run(context.Background(), Invocation{
				RootFD: fd, Items: items, Delete: DeleteBudget, MaxDelete: -1,
			})
		case "warm":
			w, err := r.Warm(context.Background(), WarmOptions{RootFD: fd, MaxDelete: len(items)})
			if err != nil {
				return 1
			}
			w.Run(context.Background(), items, nil)
			w.Close()
		}
	}
}

// prefixItems are missing names, each of which is cut into an innocent one at any byte: for
// "d/abcd" the target holds "d/a", "d/ab", "d/abc".
func prefixItems() []Item {
	items := make([]Item, 0, 40)
	for i := range 40 {
		items = append(items, Item{Path: "d" + strconv.Itoa(i) + "/" + strings.Repeat("x", 40), Missing: true})
	}
	return items
}

// However the process that starts runs is killed, no run takes a part of a list for the whole.
func TestKilledWhileStartingRunsNeverLosesTheInnocent(t *testing.T) {
	for _, mode := range []string{"cold", "warm"} {
		t.Run(mode, func(t *testing.T) {
			src, dst := t.TempDir(), t.TempDir()
			items := prefixItems()
			for i, it := range items {
				dir, name := filepath.Split(it.Path)
				must(t, os.MkdirAll(filepath.Join(src, dir), 0o755))
				for n := 1; n < len(name); n += 5 {
					tree(t, dst, dir+name[:n])
					tree(t, src, dir+name[:n])
				}
				// Cut within the directory's name, a list names a directory that must stay.
				tree(t, dst, fmt.Sprintf("d%d/keep", i))
			}
			tree(t, dst, "d/keep")
			want := count(t, dst)
			for round := range 10 {
				killRound(t, mode, src, dst)
				if got := count(t, dst); got != want {
					t.Fatalf("round %d: %d of %d innocent names are left", round, got, want)
				}
			}
		})
	}
}

// pipeChild gives lists to descriptor 3 as a warm run does.
func pipeChild() int {
	w := &Warm{p: &process{ended: make(chan struct{})}, pipe: os.NewFile(3, "pipe")}
	list := make([]byte, pipeList)
	fmt.Println("ready")
	if err := w.give(list); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

const pipeList = 700_001

// Killed while it gives a list, a process has given all of it or nothing.
func TestKilledWhileGivingAList(t *testing.T) {
	nothing, all := 0, 0
	for round := range 40 {
		r, w, err := os.Pipe()
		must(t, err)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childMode+"=pipe")
		cmd.ExtraFiles = []*os.File{w}
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		w.Close()
		if _, err := out.Read(make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
		busy(time.Duration(rand.Int64N(int64(time.Millisecond))))
		cmd.Process.Kill()
		cmd.Wait()
		n, err := io.Copy(io.Discard, r)
		must(t, err)
		r.Close()
		switch n {
		case 0:
			nothing++
		case pipeList:
			all++
		default:
			t.Fatalf("round %d: %d of %d bytes were given", round, n, pipeList)
		}
	}
	t.Logf("nothing %d times, all %d times", nothing, all)
}

// killRound starts the child and kills it at a random moment of its first runs.
func killRound(t *testing.T, mode, src, dst string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childMode+"="+mode, "SRC="+src, "DST="+dst)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if _, err := out.Read(make([]byte, 6)); err != nil {
		t.Fatalf("child: %v", err)
	}
	busy(time.Duration(rand.Int64N(int64(40 * time.Millisecond))))
	must(t, cmd.Process.Kill())
	cmd.Wait()
	eventually(t, "its rsync is gone too", func() bool { return len(runsTo(dst)) == 0 })
}

// busy passes a random time, not a condition's.
func busy(d time.Duration) { <-time.After(d) }

func count(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	must(t, filepath.WalkDir(dir, func(string, os.DirEntry, error) error { n++; return nil }))
	return n
}

// runsTo are the processes that have dst among their arguments.
func runsTo(dst string) []int {
	var pids []int
	dirs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range dirs {
		b, _ := os.ReadFile(file)
		if strings.Contains(string(b), "rsync") && strings.Contains(string(b), "\x00"+dst+"/\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// The next daemon waits for the lock until the last run of the killed one is gone.
func TestRunsHoldTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := os.Create(path)
	must(t, err)
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	r := NewRunner(Options{Dest: t.TempDir(), Lock: lock})
	w, err := r.Warm(t.Context(), WarmOptions{RootFD: openRoot(t, t.TempDir())})
	must(t, err)
	defer w.Close()
	lock.Close()

	next, err := os.Open(path)
	must(t, err)
	defer next.Close()
	free := func() bool { return syscall.Flock(int(next.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil }
	if free() {
		t.Error("the lock is free while a run lives")
	}
	w.Close()
	eventually(t, "the lock is free", free)
}
