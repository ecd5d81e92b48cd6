package daemon

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// PidFile is a file with this process's id in decimal and a newline.
type PidFile struct {
	path string
}

// WritePid writes the file, over another process's: who may run is decided by the state lock, and
// the pid file says who does.
func WritePid(path string) (*PidFile, error) {
	text := strconv.Itoa(os.Getpid()) + "\n"
	if publish(path, text) == nil {
		return &PidFile{path: path}, nil
	}
	f, err := openLocked(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// Written before cut, so that no reader finds it empty.
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return nil, fmt.Errorf("write pid file: %w", err)
	}
	if err := f.Truncate(int64(len(text))); err != nil {
		return nil, fmt.Errorf("write pid file: %w", err)
	}
	return &PidFile{path: path}, nil
}

// publish makes the file, whole from the first moment. It fails if there is one, or where there are
// no hard links.
func publish(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

// Remove removes the file unless it has become another process's: the next daemon may have
// written it while this one was ending. Calling it on nil does nothing.
func (p *PidFile) Remove() error {
	if p == nil {
		return nil
	}
	f, err := openLocked(p.path, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return fmt.Errorf("read pid file: %w", err)
	}
	if strings.TrimSpace(string(text)) != strconv.Itoa(os.Getpid()) {
		return nil
	}
	if err := os.Remove(p.path); err != nil {
		return fmt.Errorf("remove pid file: %w", err)
	}
	return nil
}

// openLocked opens the file and locks it for as long as it is open: what is read and what is
// removed are then the same, and so are what is written and what has that name. Nobody keeps the
// lock for longer than a write takes.
func openLocked(path string, flag int) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, flag, 0o644)
		if err != nil {
			return nil, fmt.Errorf("open pid file: %w", err)
		}
		same, err := lockNamed(f, path)
		if err == nil && same {
			return f, nil
		}
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("lock pid file: %w", err)
		}
	}
}

// lockNamed locks f and tells whether path still leads to it.
func lockNamed(f *os.File, path string) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EINTR) {
			return false, err
		}
	}
	locked, err := f.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(locked, named), err
}
