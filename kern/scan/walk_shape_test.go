package scan

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// scratch returns a directory for many names: in memory where mounts are allowed.
func scratch(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if os.Geteuid() == 0 {
		mount(t, "scratch", dir, "tmpfs", 0)
	}
	return dir
}

// chain makes directories "a" inside each other, and in each the siblings. tmpfs lists the newest
// first and the walk takes the last of a list first, so "a" is made first for the siblings to wait.
func chain(t testing.TB, depth int, siblings ...string) (dir string) {
	t.Helper()
	dir = scratch(t)
	// os.RemoveAll keeps a descriptor for each level.
	t.Cleanup(func() { run(t, "find", dir, "-mindepth", "1", "-delete") })
	wd, err := os.Getwd()
	must(t, err)
	defer func() { must(t, syscall.Chdir(wd)) }()
	must(t, syscall.Chdir(dir))
	names := append([]string{"a"}, siblings...)
	for range depth {
		for _, name := range names {
			must(t, syscall.Mkdir(name, 0o755))
		}
		must(t, syscall.Chdir("a"))
	}
	return dir
}

// highest walks and returns how many directories were entered and the highest descriptor among
// them: the kernel gives the lowest that is free, so it bounds how many are open.
func highest(t testing.TB, r *Root, o WalkOptions) (entered, fd int64) {
	t.Helper()
	var n, high atomic.Int64
	o.Enter = func(d *Dir) (uint64, bool, error) {
		n.Add(1)
		for {
			h := high.Load()
			if int64(d.FD) <= h || high.CompareAndSwap(h, int64(d.FD)) {
				return 0, true, nil
			}
		}
	}
	must(t, r.Walk(t.Context(), "", 0, o))
	return n.Load(), high.Load()
}

func TestWalkDeepChain(t *testing.T) {
	const depth = 10_000
	r := pin(t, chain(t, depth), modern())
	n, fd := highest(t, r, WalkOptions{})
	if n != depth+1 {
		t.Errorf("%d directories, want %d", n, depth+1)
	}
	if limit := int64(len(descriptors()) + 40); fd > limit {
		t.Errorf("descriptor %d, want at most %d", fd, limit)
	}
}

// Every level has children left when the walk goes deeper: more than may be kept open.
func TestWalkDeepWithSiblings(t *testing.T) {
	const depth, open = 1500, 16
	dir := chain(t, depth, "b", "c")
	for name, c := range map[string]calls{"newest": modern(), "oldest": {}} {
		for _, workers := range []int{1, 4} {
			t.Run(fmt.Sprint(name, workers), func(t *testing.T) {
				r := pin(t, dir, c)
				n, fd := highest(t, r, WalkOptions{Workers: workers, MaxOpen: open})
				if n != 3*depth+1 {
					t.Errorf("%d directories, want %d", n, 3*depth+1)
				}
				if limit := int64(open + 40); fd > limit {
					t.Errorf("descriptor %d, want at most %d", fd, limit)
				}
			})
		}
	}
}

// A rename that makes it impossible to find a directory again is told, not swallowed.
func TestWalkMovedWhileLetGo(t *testing.T) {
	const depth = 60
	dir := chain(t, depth, "b", "c")
	level := func(n int) string { return dir + "/" + string(bytes.Repeat([]byte("a/"), n)) }
	f := newFound()
	var once sync.Once
	err := pin(t, dir, modern()).Walk(t.Context(), "", 7, WalkOptions{
		Workers: 1, MaxOpen: 4, Fail: f.fail,
		Enter: func(d *Dir) (uint64, bool, error) {
			if bytes.Count(d.Path, []byte("/")) == 50 {
				once.Do(func() {
					must(t, os.Rename(level(20), dir+"/moved")) // its ".." leads elsewhere now
					must(t, os.Rename(level(5), level(4)+"renamed"))
				})
			}
			return f.enter(d)
		},
	})
	must(t, err)
	moved := 0
	for n := range depth {
		for _, name := range []string{"a", "b", "c"} {
			p := string(bytes.Repeat([]byte("a/"), n)) + name
			_, entered := f.entered[p]
			failure := f.failed[p]
			if errors.Is(failure, ErrMoved) {
				moved++
			}
			if entered == (failure != nil) || failure != nil && !errors.Is(failure, ErrMoved) {
				t.Errorf("level %d, %s: entered %v, failed %v", n, name, entered, failure)
			}
		}
	}
	if moved == 0 {
		t.Error("nothing was lost: the renames came too late to mean anything")
	}
}

// Many directories in one: it is left in the middle and taken up again.
func TestWalkManyDirectoriesInOne(t *testing.T) {
	const n = 9000
	dir := scratch(t)
	for i := range n {
		must(t, os.Mkdir(fmt.Sprintf("%s/%05d", dir, i), 0o755))
	}
	for _, workers := range []int{1, 3} {
		entered, _ := highest(t, pin(t, dir, modern()), WalkOptions{Workers: workers})
		if entered != n+1 {
			t.Errorf("%d workers: %d directories, want %d", workers, entered, n+1)
		}
	}
}

// The entries of a directory are not collected.
func TestWalkMemoryDoesNotGrowWithEntries(t *testing.T) {
	const files = 20_000
	dir := scratch(t)
	for i := range files {
		fd, err := syscall.Creat(fmt.Sprintf("%s/%05d", dir, i), 0o644)
		must(t, err)
		must(t, syscall.Close(fd))
	}
	r := pin(t, dir, modern())
	var n int
	walk := func() {
		must(t, r.Walk(t.Context(), "", 0, WalkOptions{
			Stat:  true,
			Skip:  func([]byte, bool) bool { return false },
			Entry: func(uint64, []byte, []byte, *Stat) { n++ },
		}))
	}
	walk()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	walk()
	runtime.ReadMemStats(&after)
	if n != 2*files {
		t.Errorf("%d entries", n)
	}
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 2*bufferSize+files {
		t.Errorf("%d bytes allocated for %d entries", bytes, files)
	}
}
