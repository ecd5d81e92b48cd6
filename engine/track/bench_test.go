package track

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/sersync/sersync/engine/dirty"
	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/inotify"
	"github.com/sersync/sersync/kern/scan"
)

// watched is a Tracker over a real tree of directories with files, under watch.
func watched(b *testing.B, dirs, perDir int) (t *Tracker, files []string) {
	b.Helper()
	dir := b.TempDir()
	for i := range dirs {
		d := filepath.Join(dir, fmt.Sprintf("directory-%d", i))
		if err := os.Mkdir(d, 0o755); err != nil {
			b.Fatal(err)
		}
		for j := range perDir {
			files = append(files, filepath.Join(d, fmt.Sprintf("page-%d.html", j)))
			if err := os.WriteFile(files[len(files)-1], nil, 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	root, err := scan.OpenRoot(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { root.Close() })
	table := kern.NewDirTable()
	source, err := inotify.New(table, inotify.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { source.Close() })
	t = New(Options{Source: source, Table: table, Trees: []Tree{{Root: func() *scan.Root { return root }}}})
	if report, err := source.AddRoot(b.Context(), 0, root, nil); err != nil || report.Limit != nil {
		b.Fatal(err, report.Limit)
	}
	t.Standing(source.Reads())
	return t, files
}

// touch is one operation on a file, which the kernel tells of in two records: written and closed.
func touch(path string) error {
	fd, err := syscall.Open(path, syscall.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = syscall.Pwrite(fd, []byte("x"), 0)
	syscall.Close(fd)
	return err
}

// BenchmarkBuffers decodes buffers as the kernel filled them into the set of what is dirty, and takes
// a batch out whenever it is full. One processor does all of it.
func BenchmarkBuffers(b *testing.B) {
	t, files := watched(b, 500, 100)
	var buffers []*kern.Buffer
	for from := 0; from < len(files); from += 5000 { // less than the kernel's queue holds
		for _, path := range files[from : from+5000] {
			if err := touch(path); err != nil {
				b.Fatal(err)
			}
		}
		for emptied := false; !emptied; {
			buf := &kern.Buffer{Bytes: make([]byte, 0, t.opts.BufferSize)}
			if err := t.src.Read(buf); err != nil {
				b.Fatal(err)
			}
			buffers, emptied = append(buffers, buf), buf.Emptied
		}
	}
	var batch dirty.Batch
	round := func() {
		for _, buf := range buffers {
			t.now++
			t.src.Decode(buf, t.emitFn)
			if t.set.Full() {
				t.set.Take(&batch, t.now, maxBatch)
			}
		}
		t.set.Take(&batch, t.now, maxBatch)
	}
	round()
	before := t.stats.events.Load()
	b.ReportAllocs()
	for b.Loop() {
		round()
	}
	events := t.stats.events.Load() - before
	if t.stats.losses.Load() > 0 || events < int64(b.N*len(files)) {
		b.Fatalf("%d events, %d losses", events, t.stats.losses.Load())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkLive has 50,000 operations a second made in the tree, and reports the processor time of
// everything from the read to the batch that is handed out, for each event.
func BenchmarkLive(b *testing.B) {
	const perTick, tick = 500, 10 * time.Millisecond
	t, files := watched(b, 500, 100)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- t.Run(ctx) }()
	go func() {
		for {
			if _, err := t.Next(); err != nil {
				return
			}
		}
	}()
	runtime.LockOSThread() // its processor time is not the program's
	defer runtime.UnlockOSThread()
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	all, own, events, operations := processor(b, syscall.RUSAGE_SELF), processor(b, rusageThread), t.Stats().Events, 0
	began := time.Now()
	for b.Loop() { // an iteration is a hundredth of a second
		<-ticks.C
		for range perTick {
			if err := touch(files[operations%len(files)]); err != nil {
				b.Fatal(err)
			}
			operations++
		}
	}
	took := time.Since(began)
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	used := processor(b, syscall.RUSAGE_SELF) - all - (processor(b, rusageThread) - own)
	events = t.Stats().Events - events
	b.ReportMetric(float64(used.Nanoseconds())/float64(events), "cpu-ns/event")
	b.ReportMetric(float64(operations)/took.Seconds(), "operations/s")
	b.ReportMetric(float64(events)/float64(operations), "events/operation")
	b.ReportMetric(float64(t.Stats().Losses), "losses")
	b.ReportMetric(0, "ns/op")
}

// rusageThread is RUSAGE_THREAD of getrusage(2), which package syscall lacks.
const rusageThread = 1

// processor is the time that the process, or the calling thread, has used.
func processor(b *testing.B, who int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
