package same

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// comparison is one run of Trees.
type comparison struct {
	source, replica string
	most            int
	links           *links // nil: not asked for

	mu     sync.Mutex
	report *Report
}

// pair compares one path of both sides, and tells whether both are directories.
func (c *comparison) pair(path string) (descend bool, err error) {
	ours, theirs := filepath.Join(c.source, path), filepath.Join(c.replica, path)
	var a, b syscall.Stat_t
	aThere, err := lstat(ours, &a)
	if err != nil {
		return false, err
	}
	bThere, err := lstat(theirs, &b)
	if err != nil {
		return false, err
	}
	c.mu.Lock()
	c.report.Paths++
	c.mu.Unlock()
	switch {
	case !aThere && !bThere:
		return false, nil
	case !bThere:
		c.differ(path, "is missing on the replica")
		return false, nil
	case !aThere:
		c.differ(path, "is only on the replica")
		return false, nil
	}
	if c.links != nil {
		c.links.see(path, &a, &b)
	}
	what := attributes(&a, &b)
	if what == "" {
		what, err = content(&a, ours, theirs)
	}
	if errors.Is(err, fs.ErrNotExist) {
		what, err = "vanished while it was compared", nil
	}
	if err != nil {
		return false, fmt.Errorf("compare: %w", err)
	}
	if what != "" {
		c.differ(path, what)
	}
	return isDir(&a) && isDir(&b), nil
}

// differ records one difference.
func (c *comparison) differ(path, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Differ++
	if len(c.report.Samples) < c.most {
		c.report.Samples = append(c.report.Samples, fmt.Sprintf("%q: %s", clip(path), what))
	}
}

// attributes names the first attribute that differs, "" if none does.
func attributes(a, b *syscall.Stat_t) string {
	kind := a.Mode & syscall.S_IFMT
	switch {
	case kind != b.Mode&syscall.S_IFMT:
		return fmt.Sprintf("type %s, on the replica %s", kindName(a.Mode), kindName(b.Mode))
	case a.Mode != b.Mode:
		return fmt.Sprintf("mode %04o, on the replica %04o", a.Mode&0o7777, b.Mode&0o7777)
	case a.Uid != b.Uid || a.Gid != b.Gid:
		return fmt.Sprintf("owner %d:%d, on the replica %d:%d", a.Uid, a.Gid, b.Uid, b.Gid)
	case (kind == syscall.S_IFREG || kind == syscall.S_IFLNK) && a.Size != b.Size:
		return fmt.Sprintf("size %d, on the replica %d", a.Size, b.Size)
	case (kind == syscall.S_IFCHR || kind == syscall.S_IFBLK) && a.Rdev != b.Rdev:
		return fmt.Sprintf("device %#x, on the replica %#x", a.Rdev, b.Rdev)
	case a.Mtim != b.Mtim:
		return fmt.Sprintf("mtime %d.%09d, on the replica %d.%09d",
			a.Mtim.Sec, a.Mtim.Nsec, b.Mtim.Sec, b.Mtim.Nsec)
	}
	return ""
}

// content compares what two names of one type and size hold.
func content(st *syscall.Stat_t, ours, theirs string) (string, error) {
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		if same, err := sameContent(ours, theirs); err != nil || !same {
			return "other content, with equal size and mtime", err
		}
	case syscall.S_IFLNK:
		a, err := os.Readlink(ours)
		if err != nil {
			return "", err
		}
		b, err := os.Readlink(theirs)
		if err != nil {
			return "", err
		}
		if a != b {
			return fmt.Sprintf("leads to %q, on the replica to %q", clip(a), clip(b)), nil
		}
	}
	return "", nil
}

// lstat tells whether path is there.
func lstat(path string, st *syscall.Stat_t) (bool, error) {
	for {
		switch err := syscall.Lstat(path, st); err {
		case nil:
			return true, nil
		case syscall.EINTR:
		case syscall.ENOENT, syscall.ENOTDIR:
			return false, nil
		default:
			return false, &fs.PathError{Op: "lstat", Path: path, Err: err}
		}
	}
}

func isDir(st *syscall.Stat_t) bool { return st.Mode&syscall.S_IFMT == syscall.S_IFDIR }

func kindName(mode uint32) string {
	switch mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		return "file"
	case syscall.S_IFDIR:
		return "directory"
	case syscall.S_IFLNK:
		return "symlink"
	default:
		return "special file"
	}
}

func readFull(r io.Reader, buf []byte) (int, error) {
	n, err := io.ReadFull(r, buf)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}
