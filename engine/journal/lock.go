package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrLocked says that another process has the state directory.
var ErrLocked = errors.New("state directory is in use")

// LockedError is ErrLocked with what is known of the holder.
type LockedError struct {
	Dir string
	// PID of the sersync that took the lock; 0 if it is not known. It may have ended: then an rsync
	// that it started still holds the lock.
	PID int
}

// Error says who holds the directory, and where to look.
func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%v: %s: by another sersync, or an rsync that it started; wait until it has ended",
			ErrLocked, e.Dir)
	}
	return fmt.Sprintf("%v: %s: by sersync, process %d, or an rsync that it started; wait until it has ended, or end it",
		ErrLocked, e.Dir, e.PID)
}

// Is makes errors.Is(err, ErrLocked) true.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

const (
	lockName = "lock"
	// lockRetry is the pause between two attempts at a lock that is held. flock(2) can't be told to
	// give up waiting, and this only runs while an old daemon drains.
	lockRetry = 50 * time.Millisecond
	// glances is how many attempts may meet somebody who only looks whether the lock is held, for
	// which it has to be taken (Config.Holder). One that fails more often has an owner.
	glances = 4
)

// lock takes the lock of the state directory. With wait it tries until it has it or ctx is done;
// waiting is called once, when it is sure that there is something to wait for.
func lock(ctx context.Context, dir string, wait bool, waiting func(pid int)) (*os.File, error) {
	tick := time.NewTicker(lockRetry)
	defer tick.Stop()
	for try := 1; ; try++ {
		f, pid, err := tryLock(dir)
		switch {
		case err != nil || f != nil:
			return f, err
		case try == glances && !wait:
			return nil, &LockedError{Dir: dir, PID: pid}
		case try == glances && waiting != nil:
			waiting(pid)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", &LockedError{Dir: dir, PID: pid}, ctx.Err())
		case <-tick.C:
		}
	}
}

// tryLock returns nil and the holder if somebody has the lock.
func tryLock(dir string) (f *os.File, holder int, err error) {
	path := filepath.Join(dir, lockName)
	f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open lock: %w", err)
	}
	err = flock(f, syscall.LOCK_EX)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder = readPID(f)
		return nil, holder, f.Close()
	}
	if err == nil {
		err = claim(f, path)
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, 0, nil
}

// claim writes our process id into the locked file, once it is sure that it is the file that the
// next one will try to lock.
func claim(f *os.File, path string) error {
	ours, err := f.Stat()
	if err != nil {
		return err
	}
	there, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(ours, there) {
		return fmt.Errorf("replaced meanwhile: %w", fs.ErrExist)
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func readPID(f *os.File) int {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

// flock takes a lock of the open file (flock(2)), which is shared by whoever inherits the descriptor
// and released when the last of them is closed.
func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// Holder reports whether a sersync, or an rsync that it started, has the state directory now, and
// the process id of that sersync; 0 if it is not known. Whoever looks has the lock for a moment.
func (c *Config) Holder() (pid int, held bool, err error) {
	f, err := os.Open(filepath.Join(c.Dir, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("look at lock: %w", err)
	}
	defer f.Close()
	err = flock(f, syscall.LOCK_SH)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return readPID(f), true, nil
	case err != nil:
		return 0, false, fmt.Errorf("look at lock: %s: %w", f.Name(), err)
	}
	return 0, false, nil
}
