package inotify_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/inotify"
	"github.com/sersync/sersync/kern/kerntest"
	"github.com/sersync/sersync/kern/scan"
)

// open makes a Source and pins a tree with these directories.
func open(
	t *testing.T, adjust func(*inotify.Source), dirs ...string,
) (*inotify.Source, *kern.DirTable, *scan.Root) {
	t.Helper()
	base := t.TempDir()
	for _, dir := range dirs {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	table := kern.NewDirTable()
	s, err := inotify.New(table, inotify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	root, err := scan.OpenRoot(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), root.Close()); err != nil {
			t.Error(err)
		}
	})
	if adjust != nil {
		adjust(s)
	}
	return s, table, root
}

// refuse lets addWatch fail while it says so; n counts watches from 1.
func refuse(s *inotify.Source, errno func(n int64) error) {
	var n atomic.Int64
	s.WrapAddWatch(func(add inotify.AddWatch) inotify.AddWatch {
		return func(fd, dirfd int, mask uint32) (int32, error) {
			if err := errno(n.Add(1)); err != nil {
				return -1, err
			}
			return add(fd, dirfd, mask)
		}
	})
}

func TestWatchLimit(t *testing.T) {
	var full atomic.Bool
	full.Store(true)
	dirs := []string{"a/b/c", "d"}
	for i := range 3 {
		dirs = append(dirs, fmt.Sprintf("big/%d/deep/er", i))
	}
	s, table, root := open(t, func(s *inotify.Source) {
		refuse(s, func(n int64) error {
			if n > 1 && full.Load() {
				return syscall.ENOSPC
			}
			return nil
		})
	}, dirs...)
	report, err := s.AddRoot(t.Context(), 0, root, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "big", "d"}, report.Unwatched); diff != "" {
		t.Errorf("unwatched (-want +got):\n%s", diff)
	}
	limits, err := inotify.ReadLimits()
	if err != nil {
		t.Fatal(err)
	}
	if l := report.Limit; l == nil || l.Limit != limits.Watches || l.Needed != limits.Watches+14 {
		t.Errorf("limit %+v, want one for 14 directories more than %d", l, limits.Watches)
	}

	// Somebody raises the limit.
	full.Store(false)
	for _, path := range report.Unwatched {
		if report, err = s.Revisit(t.Context(), 0, path); err != nil || report.Limit != nil {
			t.Fatalf("%v, %v", err, report.Limit)
		}
	}
	s.Decode(&kern.Buffer{Seq: 1}, func(kern.Event) {})
	if table.Len() != 15 {
		t.Errorf("%d directories are in the table, want 15", table.Len())
	}
}

// TestChmodOpensDirectory: one that may not be read is pending, and a chmod tries again.
func TestChmodOpensDirectory(t *testing.T) {
	var locked atomic.Bool
	locked.Store(true)
	adjust := func(s *inotify.Source) {
		refuse(s, func(n int64) error {
			if n > 1 && locked.Load() {
				return syscall.EACCES
			}
			return nil
		})
	}
	s, _, root := open(t, adjust, "d")
	report, err := s.AddRoot(t.Context(), 0, root, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(inotify.Report{Dirs: 1, Pending: []string{"d"}}, report); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}

	dir := t.TempDir()
	d := filepath.Join(dir, "d")
	if err := os.Mkdir(d, 0o755); err != nil {
		t.Fatal(err)
	}
	f := kerntest.Follow(t, func(tb testing.TB) *kerntest.Subject { return subject(tb, adjust) },
		kerntest.Config{Dir: dir})
	if f.Watched("d") {
		t.Fatal("d is watched")
	}
	locked.Store(false)
	for _, mode := range []os.FileMode{0o700, 0o755} {
		if err := os.Chmod(d, mode); err != nil {
			t.Fatal(err)
		}
	}
	f.Check()
	if err := os.WriteFile(filepath.Join(d, "f"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.Check()
	if !f.Watched("d") {
		t.Error("d is not watched after a chmod")
	}
}

func TestOtherFailuresAreNotForgotten(t *testing.T) {
	s, _, root := open(t, func(s *inotify.Source) {
		refuse(s, func(n int64) error {
			if n > 1 {
				return syscall.ENOMEM
			}
			return nil
		})
	}, "a/b")
	report, err := s.AddRoot(t.Context(), 0, root, nil)
	if err != nil || len(report.Unwatched) != 1 || report.Unwatched[0] != "a" {
		t.Errorf("%+v, %v; want a in Unwatched", report, err)
	}
}

func TestTreesMustNotOverlap(t *testing.T) {
	s, _, root := open(t, nil, "sub")
	if _, err := s.AddRoot(t.Context(), 0, root, nil); err != nil {
		t.Fatal(err)
	}
	sub, err := scan.OpenRoot(filepath.Join(root.Path(), "sub"))
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if _, err := s.AddRoot(t.Context(), 1, sub, nil); !errors.Is(err, inotify.ErrOverlap) {
		t.Errorf("AddRoot of a directory in another tree = %v, want ErrOverlap", err)
	}
	if _, err := s.Enter(t.Context(), 7, "x", 1, nil); !errors.Is(err, inotify.ErrNoTree) {
		t.Errorf("Enter in no tree = %v, want ErrNoTree", err)
	}
}

// TestStalePathIsNotBelieved: a path that leads into another directory by now publishes nothing.
func TestStalePathIsNotBelieved(t *testing.T) {
	s, table, root := open(t, nil, "d", "e/sub")
	if _, err := s.AddRoot(t.Context(), 0, root, nil); err != nil {
		t.Fatal(err)
	}
	none := func(kern.Event) {}
	s.Decode(&kern.Buffer{Seq: 1}, none)
	d := table.Child(table.RootOf(0), []byte("d"))
	e := table.Child(table.RootOf(0), []byte("e"))
	sub := table.Child(e, []byte("sub"))
	// Somebody asked for sub in d, which is e's.
	if _, err := s.Enter(t.Context(), 0, "e/sub", table.Key(d), []byte("sub")); err != nil {
		t.Fatal(err)
	}
	s.Decode(&kern.Buffer{Seq: 2}, none)
	if table.Parent(sub) != e || table.Child(d, []byte("sub")) != kern.NoDir {
		t.Error("sub is said to be in d")
	}
}

func TestDropTreeGivesWatchesBack(t *testing.T) {
	s, table, root := open(t, nil, "a/b", "c")
	if _, err := s.AddRoot(t.Context(), 0, root, nil); err != nil {
		t.Fatal(err)
	}
	s.DropTree(0)
	b := &kern.Buffer{Bytes: make([]byte, 0, 64<<10)}
	s.Decode(b, func(kern.Event) {})
	if s.Stats().Watches != 4 {
		t.Fatalf("%d watches", s.Stats().Watches)
	}
	for now := int64(1); now != 0; {
		now = s.Reap(now)
	}
	for s.Stats().Watches > 0 {
		if err := s.Read(b); err != nil {
			t.Fatal(err)
		}
		s.Decode(b, func(e kern.Event) { t.Errorf("event %+v of a dropped tree", e) })
	}
	if table.Len() != 0 || s.Stats().Reaped != 4 {
		t.Errorf("%d directories left, %d reaped", table.Len(), s.Stats().Reaped)
	}
}

func TestReapWaitsForTheQuietPeriod(t *testing.T) {
	s, table, root := open(t, nil, "a")
	if next := s.Reap(1); next != 0 {
		t.Fatalf("Reap of nothing wants to be called at %d", next)
	}
	if _, err := s.AddRoot(t.Context(), 0, root, nil); err != nil {
		t.Fatal(err)
	}
	s.Decode(&kern.Buffer{Seq: 1}, func(kern.Event) {})
	table.Detach(table.Child(table.RootOf(0), []byte("a")))
	now := time.Now().UnixNano()
	next := s.Reap(now)
	if next <= now {
		t.Fatalf("next = now%+d", next-now)
	}
	if again := s.Reap(next - 1); again != next || s.Stats().Reaped != 0 {
		t.Errorf("before that: %d, reaped %d", again, s.Stats().Reaped)
	}
	if last := s.Reap(next); last != 0 || s.Stats().Reaped != 1 {
		t.Errorf("then: %d, reaped %d; want none left", last, s.Stats().Reaped)
	}
}

func TestReadGathersOneChange(t *testing.T) {
	s, _, root := open(t, nil)
	if _, err := s.AddRoot(t.Context(), 0, root, nil); err != nil {
		t.Fatal(err)
	}
	b := &kern.Buffer{Bytes: make([]byte, 0, 64<<10)}
	if err := s.Read(b); err != nil || len(b.Bytes) != 0 || !b.Emptied {
		t.Fatalf("after a walk: %v, %d bytes, emptied %v; want an empty read",
			err, len(b.Bytes), b.Emptied)
	}
	s.Decode(b, func(kern.Event) {})
	before := s.Reads()
	if err := os.WriteFile(filepath.Join(root.Path(), "f"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Read(b); err != nil {
		t.Fatal(err)
	}
	var ops kern.Op
	s.Decode(b, func(e kern.Event) { ops |= e.Op })
	if want := kern.OpCreate | kern.OpModify | kern.OpClose; ops != want {
		t.Errorf("ops %b, want %b", ops, want)
	}
	if b.Seq != before || s.Reads() != before+1 || !b.Emptied || b.Start == 0 {
		t.Errorf("seq %d, reads %d before and %d after, emptied %v, start %d",
			b.Seq, before, s.Reads(), b.Emptied, b.Start)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	s, _, root := open(t, nil, "a")
	b := &kern.Buffer{Bytes: make([]byte, 0, 64<<10)}
	done := make(chan error, 1)
	go func() { done <- s.Read(b) }()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, kern.ErrClosed) {
		t.Errorf("Read = %v, want ErrClosed", err)
	}
	if err := s.Read(b); !errors.Is(err, kern.ErrClosed) {
		t.Errorf("Read after Close = %v, want ErrClosed", err)
	}
	if _, err := s.AddRoot(context.Background(), 0, root, nil); !errors.Is(err, kern.ErrClosed) {
		t.Errorf("AddRoot after Close = %v, want ErrClosed", err)
	}
	s.Wake()
	s.Reap(1)
	s.Decode(b, func(kern.Event) {})
	if err := s.Close(); err != nil {
		t.Errorf("Close again = %v", err)
	}
}

// TestDescriptorsAreClosed counts this process's descriptors.
func TestDescriptorsAreClosed(t *testing.T) {
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a/b/c"), 0o755); err != nil {
		t.Fatal(err)
	}
	round := func() {
		s, err := inotify.New(kern.NewDirTable(), inotify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		root, err := scan.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AddRoot(t.Context(), 0, root, nil); err != nil {
			t.Fatal(err)
		}
		s.Decode(&kern.Buffer{Seq: 1}, func(kern.Event) {})
		if err := errors.Join(s.Close(), root.Close()); err != nil {
			t.Fatal(err)
		}
	}
	round()
	before := count()
	for range 20 {
		round()
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// What happened before the end was asked for is still told, however much it is.
func TestFinishReadsWhatIsQueued(t *testing.T) {
	s, _, root := open(t, nil, "d")
	if _, err := s.AddRoot(t.Context(), 0, root, nil); err != nil {
		t.Fatal(err)
	}
	const files = 3000
	for i := range files {
		name := filepath.Join(root.Path(), "d", fmt.Sprint("f", i))
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.Finish()
	told := map[string]bool{}
	b := kern.Buffer{Bytes: make([]byte, 0, 64<<10)} // several reads
	for {
		err := s.Read(&b)
		if errors.Is(err, kern.ErrClosed) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		s.Decode(&b, func(e kern.Event) { told[string(e.Name)] = true })
	}
	for i := range files {
		if !told[fmt.Sprint("f", i)] {
			t.Fatalf("f%d was not told", i)
		}
	}
}
