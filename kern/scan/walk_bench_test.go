package scan

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
)

// BenchmarkWalkWatches walks 100 k directories and watches each. It prints, as "x-C", the time in
// units of what testdata/walk.c, which makes the same system calls in one thread, needs in the same
// run.
func BenchmarkWalkWatches(b *testing.B) {
	const fan = 46 // fan + fan² + fan³ directories
	dir := scratch(b)
	total := int64(1)
	for i := range fan {
		for j := range fan {
			for k := range fan {
				must(b, os.MkdirAll(fmt.Sprintf("%s/%02d/%02d/%02d", dir, i, j, k), 0o755))
			}
		}
		total += 1 + fan + fan*fan
	}
	minimal := b.TempDir() + "/walk"
	out, err := exec.Command("cc", "-O2", "-o", minimal, "testdata/walk.c").CombinedOutput()
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			b.Skip(err)
		}
		b.Fatalf("%v\n%s", err, out)
	}
	r := pin(b, dir, modern())
	for _, workers := range []int{1, 2, 0} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.ReportAllocs()
			var ours, theirs float64
			for b.Loop() {
				ours += watchAll(b, r, workers, total)
				var n int64
				var s float64
				out := run(b, minimal, dir)
				if _, err := fmt.Sscan(out, &n, &s); err != nil || n != total {
					b.Fatalf("%s: %q, want %d directories", minimal, out, total)
				}
				theirs += s
			}
			b.ReportMetric(ours/theirs, "x-C")
			b.ReportMetric(ours*1e6/float64(total)/float64(b.N), "µs/dir")
		})
	}
}

// watchAll returns the seconds that the walk took. Removing the watches is not part of it.
func watchAll(b *testing.B, r *Root, workers int, want int64) float64 {
	in, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	must(b, err)
	defer syscall.Close(in)
	const mask = syscall.IN_CREATE | syscall.IN_DELETE | syscall.IN_MOVE | syscall.IN_MODIFY |
		syscall.IN_ONLYDIR
	var n atomic.Int64
	s := seconds(func() {
		err = r.Walk(b.Context(), "", 0, WalkOptions{
			Workers: workers,
			Enter: func(d *Dir) (uint64, bool, error) {
				n.Add(1)
				wd, err := syscall.InotifyAddWatch(in, "/proc/self/fd/"+strconv.Itoa(d.FD), mask)
				return uint64(wd), true, err
			},
		})
	})
	must(b, err)
	if n.Load() != want {
		b.Fatalf("%d directories, want %d", n.Load(), want)
	}
	return s
}
