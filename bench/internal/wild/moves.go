package wild

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// moveFileOut lets a file leave the tree. Nothing stays open: whoever wrote on would write outside.
func (w *Wild) moveFileOut() (string, error) {
	name, err := w.file()
	if err != nil {
		return "", err
	}
	if err := w.Settle(); err != nil {
		return "", err
	}
	return fmt.Sprintf("move %q out", name), os.Rename(w.at(name), w.out("f"+strconv.Itoa(w.rng.IntN(10))))
}

func (w *Wild) moveDirOut() (string, error) {
	name, err := w.sub()
	if err != nil {
		return "", err
	}
	if err := w.Settle(); err != nil {
		return "", err
	}
	to := "d" + strconv.Itoa(w.rng.IntN(10))
	said := fmt.Sprintf("move %q out", name)
	if err := os.RemoveAll(w.out(to)); err != nil {
		return said, err
	}
	if err := os.Rename(w.at(name), w.out(to)); err != nil {
		return said, err
	}
	if w.chance(2) { // it is another one when it comes back, unseen
		if err := put(w.out(filepath.Join(to, ".new")), w.content()); err != nil {
			return said, err
		}
		return said + " and change it", os.Rename(w.out(filepath.Join(to, ".new")), w.out(filepath.Join(to, w.name())))
	}
	return said, w.look()
}

// moveIn moves something from outside in, changed or not; if there is nothing, a small tree.
func (w *Wild) moveIn() (string, error) {
	entries, err := os.ReadDir(w.o.Outside)
	if err != nil {
		return "", err
	}
	to := w.freshDir()
	if len(entries) == 0 || w.chance(3) {
		made := "t" + strconv.Itoa(w.step)
		if _, err := w.fill(w.out(made), 1+w.rng.IntN(60)); err != nil {
			return "", err
		}
		said := fmt.Sprintf("move a new tree in as %q", to)
		err := os.Rename(w.out(made), w.at(to))
		if err != nil {
			_ = os.RemoveAll(w.out(made)) // an error of moving it says more
		}
		return said, err
	}
	from := entries[w.rng.IntN(len(entries))].Name()
	said := fmt.Sprintf("move in %q", to)
	if err := os.Rename(w.out(from), w.at(to)); err != nil {
		return said, err
	}
	if w.chance(2) {
		file := filepath.Join(to, w.name())
		return said + fmt.Sprintf(", create %q", file), put(w.at(file), w.content())
	}
	return said, nil
}

// unpack makes a tree in place at full speed, as tar does.
func (w *Wild) unpack() (string, error) {
	name := w.freshDir()
	n, err := w.fill(w.at(name), 20+w.rng.IntN(300))
	return fmt.Sprintf("unpack %d files into %q", n, name), err
}

// fill makes dir and files below it, a few in each of nested directories.
func (w *Wild) fill(dir string, files int) (made int, err error) {
	at := dir
	for made = 0; made < files; made++ {
		if made%8 == 0 {
			if at = filepath.Join(at, w.dirName()); made%40 == 0 {
				at = filepath.Join(dir, "u"+strconv.Itoa(made))
			}
			if err := os.MkdirAll(at, 0o755); err != nil {
				return made, err
			}
		}
		if err := put(filepath.Join(at, "f"+strconv.Itoa(made)), w.bytes(w.rng.IntN(2000))); err != nil {
			return made, err
		}
	}
	return made, nil
}

// crowd fills one directory with many files, and may remove it at once.
func (w *Wild) crowd() (string, error) {
	name := w.freshDir()
	n := 100 + w.rng.IntN(900)
	said := fmt.Sprintf("crowd %q with %d files", name, n)
	if err := os.MkdirAll(w.at(name), 0o755); err != nil {
		return said, err
	}
	for i := range n {
		if err := put(w.at(filepath.Join(name, "c"+strconv.Itoa(i))), w.bytes(8)); err != nil {
			return said, err
		}
	}
	if w.chance(2) {
		return said + ", rm -rf it", os.RemoveAll(w.at(name))
	}
	return said, w.look()
}
