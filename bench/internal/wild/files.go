package wild

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// create writes a file that may have been there.
func (w *Wild) create() (string, error) {
	name := w.fresh()
	if w.chance(30) {
		name = filepath.Join(w.dir(), w.longest())
	}
	return fmt.Sprintf("create %q", name), put(w.at(name), w.content())
}

// rewrite changes a file in place and keeps its size.
func (w *Wild) rewrite() (string, error) {
	name, err := w.file()
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("rewrite %q", name)
	st, err := os.Lstat(w.at(name))
	if err != nil || !st.Mode().IsRegular() {
		return said, err
	}
	return said, w.write(name, os.O_WRONLY, w.bytes(int(st.Size())), 0)
}

// poke changes one byte.
func (w *Wild) poke() (string, error) {
	name, err := w.file()
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("poke %q", name)
	st, err := os.Lstat(w.at(name))
	if err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return said, err
	}
	return said, w.write(name, os.O_WRONLY, w.bytes(1), w.rng.Int64N(st.Size()))
}

func (w *Wild) append() (string, error) {
	name, err := w.file()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("append %q", name), w.write(name, os.O_WRONLY|os.O_APPEND, w.content(), -1)
}

// write opens a file that exists, through no symlink, and writes at an offset, or, below 0, where
// it stands.
func (w *Wild) write(name string, flag int, text []byte, offset int64) (err error) {
	f, err := open(w.at(name), flag|syscall.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	if offset < 0 {
		_, err = f.Write(text)
		return err
	}
	_, err = f.WriteAt(text, offset)
	return err
}

func (w *Wild) truncate() (string, error) {
	name, err := w.file()
	if err != nil {
		return "", err
	}
	size := w.rng.Int64N(8000)
	if w.chance(3) {
		size = 0
	}
	return fmt.Sprintf("truncate %q to %d", name, size), os.Truncate(w.at(name), size)
}

// replace writes beside a file and renames over it, as editors do.
func (w *Wild) replace() (string, error) {
	name, err := w.file()
	if err != nil {
		return "", err
	}
	beside := filepath.Join(filepath.Dir(name), ".new."+w.name())
	said := fmt.Sprintf("replace %q through %q", name, beside)
	if err := put(w.at(beside), w.content()); err != nil {
		return said, err
	}
	return said, os.Rename(w.at(beside), w.at(name))
}

func (w *Wild) renameFile() (string, error) {
	from, err := w.file()
	if err != nil {
		return "", err
	}
	to := w.fresh()
	return fmt.Sprintf("rename %q => %q", from, to), os.Rename(w.at(from), w.at(to))
}

func (w *Wild) removeFile() (string, error) {
	names := w.census.files
	if w.chance(3) {
		names = w.census.links
	}
	name, err := w.pick(names)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("remove %q", name), syscall.Unlink(w.at(name))
}

func (w *Wild) hardLink() (string, error) {
	from, err := w.file()
	if err != nil {
		return "", err
	}
	to := w.fresh()
	return fmt.Sprintf("link %q => %q", from, to), os.Link(w.at(from), w.at(to))
}

// linkAndUnlink writes to a file, through a descriptor, whose first name is gone and second name is
// beside it: the event has the first.
func (w *Wild) linkAndUnlink() (said string, err error) {
	dir := w.dir()
	first, second := filepath.Join(dir, w.name()), filepath.Join(dir, w.name())
	said = fmt.Sprintf("link %q => %q, unlink the first, write", first, second)
	if first == second {
		return said, errNothing
	}
	if _, err := os.Lstat(w.at(second)); err == nil {
		return said, errNothing // it may have links elsewhere
	}
	f, err := os.OpenFile(w.at(first), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return said, err
	}
	defer f.Close()
	if err := os.Link(w.at(first), w.at(second)); err != nil {
		return said, err
	}
	if err := os.Remove(w.at(first)); err != nil {
		return said, err
	}
	_, err = f.Write(w.bytes(100 + w.rng.IntN(100)))
	return said, err
}

func (w *Wild) symlink() (string, error) {
	name := w.fresh()
	// None leads out of the tree: changes go through them too.
	targets := []string{"nowhere", ".", filepath.Base(name), w.dir(), w.name()}
	if w.root { // an rsync daemon without a chroot changes absolute ones
		targets = append(targets, "/no/where", w.at(w.dir()))
	}
	target := targets[w.rng.IntN(len(targets))]
	if target == "" {
		target = "."
	}
	if w.chance(2) {
		_ = os.Remove(w.at(name)) // another target, or another type
	}
	return fmt.Sprintf("symlink %q -> %q", name, target), os.Symlink(target, w.at(name))
}

// special makes what is neither file nor directory.
func (w *Wild) special() (string, error) {
	name := w.fresh()
	kinds := []uint32{syscall.S_IFIFO, syscall.S_IFSOCK}
	if w.root {
		kinds = append(kinds, syscall.S_IFCHR)
	}
	kind := kinds[w.rng.IntN(len(kinds))]
	const null = 1<<8 | 3 // the device of /dev/null
	return fmt.Sprintf("mknod %q %#o", name, kind), syscall.Mknod(w.at(name), kind|0o600, null)
}

// flicker makes and removes one name again and again, and may leave it.
func (w *Wild) flicker() (string, error) {
	name := w.fresh()
	times := 1 + w.rng.IntN(20)
	said := fmt.Sprintf("create and remove %q %d times", name, times)
	for i := range times {
		if err := put(w.at(name), w.bytes(i)); err != nil {
			return said, err
		}
		if err := os.Remove(w.at(name)); err != nil {
			return said, err
		}
	}
	if w.chance(2) {
		return said + ", and create it", put(w.at(name), w.bytes(10))
	}
	return said, nil
}

// sameStamp changes content and puts the mtime back: equal size, equal mtime.
func (w *Wild) sameStamp() (string, error) {
	name, err := w.file()
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("rewrite %q and restore its mtime", name)
	st, err := os.Lstat(w.at(name))
	if err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return said, err
	}
	if err := w.write(name, os.O_WRONLY, w.bytes(int(st.Size())), 0); err != nil {
		return said, err
	}
	return said, os.Chtimes(w.at(name), st.ModTime(), st.ModTime())
}
