package inotify

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/sys"
	"github.com/sersync/sersync/kern/scan"
)

// BenchmarkAddRoot watches a tree of 100,000 directories, in turn with the C program that does the
// same system calls (bench/walkc), and reports the ratio of the shortest times. Both begin with
// warm caches, and with the watches of the one before given back.
func BenchmarkAddRoot(b *testing.B) {
	dir := manyDirs(b, 100, 1000)
	walkc := compileWalkC(b)
	ours, theirs := time.Hour, time.Hour
	for range 3 { // warms the caches, and gives the metric of a single iteration a base
		ours, theirs = min(ours, addRoot(b, dir)), min(theirs, runWalkC(b, walkc, dir))
	}
	for b.Loop() {
		ours, theirs = min(ours, addRoot(b, dir)), min(theirs, runWalkC(b, walkc, dir))
	}
	const dirs = 100*1000 + 100 + 1
	b.ReportMetric(float64(ours.Nanoseconds())/dirs, "ns/dir")
	b.ReportMetric(float64(theirs.Nanoseconds())/dirs, "c-ns/dir")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
	b.ReportMetric(0, "ns/op")
}

// manyDirs makes outer directories of inner directories with one file each.
func manyDirs(b *testing.B, outer, inner int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range outer {
		for j := range inner {
			d := filepath.Join(dir, fmt.Sprintf("outer-%d", i), fmt.Sprintf("directory-%d", j))
			if err := os.MkdirAll(d, 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(d, "file"), nil, 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	return dir
}

func addRoot(b *testing.B, dir string) time.Duration {
	b.Helper()
	root, err := scan.OpenRoot(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	s, err := New(kern.NewDirTable(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	start := time.Now()
	report, err := s.AddRoot(context.Background(), 0, root, nil)
	took := time.Since(start)
	if err != nil || report.Limit != nil {
		b.Fatal(err, report.Limit)
	}
	return took
}

func compileWalkC(b *testing.B) string {
	b.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		b.Skipf("nothing to compare with: %v", err)
	}
	program := filepath.Join(b.TempDir(), "walkc")
	out, err := exec.Command(cc, "-O2", "-o", program, "../../bench/walkc/walkc.c").CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return program
}

func runWalkC(b *testing.B, program, dir string) time.Duration {
	b.Helper()
	out, err := exec.Command(program, dir).Output()
	if err != nil {
		b.Fatal(err)
	}
	var dirs, watches int
	var seconds float64
	if _, err := fmt.Sscan(string(out), &dirs, &watches, &seconds); err != nil {
		b.Fatal(err)
	}
	return time.Duration(seconds * float64(time.Second))
}

// BenchmarkDecode decodes events of many directories, in runs of one directory as kernels queue
// them.
func BenchmarkDecode(b *testing.B) {
	for _, dirs := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprintf("%d directories", dirs), func(b *testing.B) {
			s, err := New(kern.NewDirTable(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			root := s.table.Root(1, 0)
			for i := range dirs {
				s.table.Put(root, fmt.Appendf(nil, "d%d", i), uint64(i+2), 1)
			}
			buf := &kern.Buffer{Seq: 1, Emptied: true}
			events := 0
			masks := []uint32{sys.InCreate, sys.InModify, sys.InCloseWrite, sys.InDelete}
			for x := uint32(1); len(buf.Bytes) < 256<<10; events += len(masks) {
				x = x*1664525 + 1013904223
				wd := int32(x>>8)%int32(dirs) + 2
				for _, mask := range masks {
					record := raw(wd, mask, 0, fmt.Sprintf("file-%d", x%100))
					buf.Bytes = append(buf.Bytes, record...)
				}
			}
			var ops kern.Op
			emit := func(e kern.Event) { ops |= e.Op }
			b.ReportAllocs()
			for b.Loop() {
				s.Decode(buf, emit)
			}
			perEvent := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(events)
			b.ReportMetric(perEvent, "ns/event")
			if ops == 0 {
				b.Fatal("nothing was decoded")
			}
		})
	}
}

// BenchmarkIsolatedChange is the time from before a write to when Read has it, nothing else going
// on: a millisecond of it is spent waiting for more.
func BenchmarkIsolatedChange(b *testing.B) {
	dir := b.TempDir()
	root, err := scan.OpenRoot(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	s, err := New(kern.NewDirTable(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if _, err := s.AddRoot(context.Background(), 0, root, nil); err != nil {
		b.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "f"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buf := &kern.Buffer{Bytes: make([]byte, 0, 256<<10)}
	if err := s.Read(buf); err != nil { // what AddRoot published, and the file
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.WriteAt([]byte("x"), 0); err != nil {
			b.Fatal(err)
		}
		if err := s.Read(buf); err != nil || len(buf.Bytes) == 0 {
			b.Fatal(err, len(buf.Bytes))
		}
	}
}
