package scan

import (
	"io/fs"

	"github.com/sersync/sersync/kern/internal/sys"
)

// Names calls each for every entry of the directory at path, until it returns false. isDir is what
// the filesystem says without being asked about each: false where it does not tell. The name is
// valid only during the call. The error is an *fs.PathError; a path that is, or lies below, what is
// no real directory gives fs.ErrNotExist. It does not allocate.
func (l *Looker) Names(path string, each func(name []byte, isDir bool) bool) error {
	fd, err := l.openDir(path)
	if err == nil {
		defer sys.Close(fd)
		err = l.names(fd, each)
	}
	switch {
	case err == nil:
		return nil
	case sys.Gone(err):
		err = fs.ErrNotExist
	}
	return &fs.PathError{Op: "list", Path: path, Err: err}
}

func (l *Looker) openDir(path string) (int, error) {
	if path == "" {
		return l.calls.openChild(l.root.fd, l.terminated("."), sys.OpenDir, crossing{allowed: true})
	}
	return l.open(path, sys.OpenDir)
}

func (l *Looker) names(fd int, each func(name []byte, isDir bool) bool) error {
	buf := l.root.buffers.Get().(*[bufferSize]byte)
	defer l.root.buffers.Put(buf)
	var d sys.Dirent
	for {
		size, err := sys.Getdents(fd, buf[:])
		if err != nil || size == 0 {
			return err
		}
		for rest := buf[:size]; len(rest) > 0; {
			if rest, err = sys.NextDirent(rest, &d); err != nil {
				return err
			}
			if !dots(d.Name) && !each(d.Name, d.Type == sys.TypeDir) {
				return nil
			}
		}
	}
}
