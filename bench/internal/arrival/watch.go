package arrival

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Watch waits for content by inotify(7).
type Watch struct {
	inotify *os.File
	dirs    map[string]struct{}
	events  []byte
}

// NewWatch makes a Watch that watches nothing.
func NewWatch() (*Watch, error) {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch the replica: inotify_init1: %w", err)
	}
	return &Watch{
		inotify: os.NewFile(uintptr(fd), "inotify"),
		dirs:    map[string]struct{}{},
		events:  make([]byte, 64<<10),
	}, nil
}

// Close ends it.
func (w *Watch) Close() error { return w.inotify.Close() }

// Add watches a directory, which must be there. Adding it again does nothing.
func (w *Watch) Add(dir string) error {
	if _, ok := w.dirs[dir]; ok {
		return nil
	}
	// rsync renames a complete file into place, or, in place, writes and closes it.
	const mask = syscall.IN_MOVED_TO | syscall.IN_CLOSE_WRITE | syscall.IN_ONLYDIR
	raw, err := w.inotify.SyscallConn()
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) { _, failed = syscall.InotifyAddWatch(int(fd), dir, mask) })
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	w.dirs[dir] = struct{}{}
	return nil
}

// Await returns when path, in a directory that was added, holds want, with the time at which that
// was seen.
func (w *Watch) Await(ctx context.Context, path string, want []byte) (time.Time, error) {
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = w.inotify.SetReadDeadline(time.Unix(1, 0))
		close(woken)
	})
	defer func() {
		if !stop() {
			<-woken
			_ = w.inotify.SetReadDeadline(time.Time{})
		}
	}()
	for !Holds(path, want) {
		if ctx.Err() != nil {
			return time.Time{}, fmt.Errorf("wait for %s: %w", filepath.Base(path), context.Cause(ctx))
		}
		// Whatever the events say, the file says more.
		if _, err := w.inotify.Read(w.events); err != nil && ctx.Err() == nil {
			return time.Time{}, fmt.Errorf("wait for %s: %w", path, err)
		}
	}
	return time.Now(), nil
}

// Holds tells whether the file holds exactly want.
func Holds(path string, want []byte) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	got := make([]byte, len(want)+1)
	n, err := f.Read(got)
	return err == nil && n == len(want) && bytes.Equal(got[:n], want)
}

// Poll is Await for any path: it looks every millisecond.
func Poll(ctx context.Context, path string, want []byte) (time.Time, error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !Holds(path, want) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("wait for %s: %w", path, context.Cause(ctx))
		}
	}
	return time.Now(), nil
}

// Calibrate measures times what a Watch adds: from just before a file is renamed into dir until
// Await has seen it.
func Calibrate(ctx context.Context, dir string, times int) ([]time.Duration, error) {
	w, err := NewWatch()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := w.Add(dir); err != nil {
		return nil, err
	}
	target, temp := filepath.Join(dir, "arrival"), filepath.Join(dir, ".arrival")
	defer os.Remove(target)
	took := make([]time.Duration, times)
	for i := range took {
		want := fmt.Appendf(nil, "version %d", i)
		if err := os.WriteFile(temp, want, 0o600); err != nil {
			return nil, fmt.Errorf("calibrate: %w", err)
		}
		began := make(chan time.Time, 1)
		failed := make(chan error, 1)
		go func() {
			began <- time.Now()
			failed <- os.Rename(temp, target)
		}()
		seen, err := w.Await(ctx, target, want)
		if renamed := <-failed; renamed != nil {
			return nil, fmt.Errorf("calibrate: %w", renamed)
		}
		if err != nil {
			return nil, err
		}
		took[i] = seen.Sub(<-began)
	}
	return took, nil
}
