package wild

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func (w *Wild) freshDir() string { return filepath.Join(w.dir(), w.dirName()) }

func (w *Wild) mkdir() (string, error) {
	name := w.freshDir()
	return fmt.Sprintf("mkdir %q", name), os.Mkdir(w.at(name), 0o755)
}

// mkdirAll makes several levels and, at once, a file at the bottom.
func (w *Wild) mkdirAll() (string, error) {
	name := w.freshDir()
	for range 1 + w.rng.IntN(4) {
		name = filepath.Join(name, w.dirName())
	}
	file := filepath.Join(name, w.name())
	said := fmt.Sprintf("mkdir -p %q, create %q", name, file)
	if err := os.MkdirAll(w.at(name), 0o755); err != nil {
		return said, err
	}
	return said, put(w.at(file), w.content())
}

func (w *Wild) renameDir() (string, error) {
	from, err := w.sub()
	if err != nil {
		return "", err
	}
	to := w.freshDir()
	return fmt.Sprintf("rename %q => %q", from, to), os.Rename(w.at(from), w.at(to))
}

// renameAndWrite writes below a directory right before and right after it is renamed.
func (w *Wild) renameAndWrite() (string, error) {
	from, err := w.sub()
	if err != nil {
		return "", err
	}
	to, before, after := w.freshDir(), w.name(), w.name()
	said := fmt.Sprintf("create %q, rename %q => %q, create %q",
		filepath.Join(from, before), from, to, filepath.Join(to, after))
	if err := put(w.at(filepath.Join(from, before)), w.content()); err != nil {
		return said, err
	}
	if err := os.Rename(w.at(from), w.at(to)); err != nil {
		return said, err
	}
	return said, put(w.at(filepath.Join(to, after)), w.content())
}

func (w *Wild) removeDir() (string, error) {
	name, err := w.sub()
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("rm -rf %q", name)
	if err := os.RemoveAll(w.at(name)); err != nil {
		return said, err
	}
	return said, w.look()
}

// recreateDir moves a directory away, or removes it, and makes another of its name, with something
// else in it.
func (w *Wild) recreateDir() (string, error) {
	name, err := w.sub()
	if err != nil {
		return "", err
	}
	away, file := w.freshDir(), filepath.Join(name, w.name())
	said := fmt.Sprintf("rename %q => %q, mkdir it again with %q", name, away, file)
	if w.chance(3) {
		said = fmt.Sprintf("rm -rf %q, mkdir it again with %q", name, file)
		err = os.RemoveAll(w.at(name))
	} else {
		err = os.Rename(w.at(name), w.at(away))
	}
	if err != nil {
		return said, err
	}
	if err := os.Mkdir(w.at(name), 0o755); err != nil {
		return said, err
	}
	return said, put(w.at(file), w.content())
}

// swapDirs lets two directories take each other's name.
func (w *Wild) swapDirs() (string, error) {
	a, err := w.sub()
	if err != nil {
		return "", err
	}
	b, err := w.sub()
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(a+"/", b+"/") || strings.HasPrefix(b+"/", a+"/") {
		return "", errNothing
	}
	between := filepath.Join(filepath.Dir(a), ".between")
	said := fmt.Sprintf("swap %q and %q through %q", a, b, between)
	for _, step := range [][2]string{{a, between}, {b, a}, {between, b}} {
		if err := os.Rename(w.at(step[0]), w.at(step[1])); err != nil {
			return said, err
		}
	}
	return said, nil
}

// thereAndBack renames d→e→d→e…: what the events say is not where it ended.
func (w *Wild) thereAndBack() (string, error) {
	d, err := w.sub()
	if err != nil {
		return "", err
	}
	e := w.freshDir()
	times := 1 + w.rng.IntN(4)
	said := fmt.Sprintf("rename %q => %q and back, %d renames", d, e, times)
	for range times {
		if err := os.Rename(w.at(d), w.at(e)); err != nil {
			return said, err
		}
		d, e = e, d
	}
	return said, nil
}

// dirToLink renames a directory, or removes it, and puts a symlink in its place: to where it is
// now, or to nowhere.
func (w *Wild) dirToLink() (string, error) {
	name, err := w.sub()
	if err != nil {
		return "", err
	}
	target := filepath.Base(name) + ".real"
	said := fmt.Sprintf("directory %q becomes a symlink to %q", name, target)
	if w.chance(2) {
		err = os.RemoveAll(w.at(name))
	} else {
		err = os.Rename(w.at(name), w.at(filepath.Join(filepath.Dir(name), target)))
	}
	if err != nil {
		return said, err
	}
	return said, os.Symlink(target, w.at(name))
}

func (w *Wild) linkToDir() (string, error) {
	name, err := w.pick(w.census.links)
	if err != nil {
		return "", err
	}
	return w.become(name, "symlink")
}

func (w *Wild) fileToDir() (string, error) {
	name, err := w.file()
	if err != nil {
		return "", err
	}
	return w.become(name, "file")
}

// become puts a directory where something else was.
func (w *Wild) become(name, was string) (string, error) {
	file := filepath.Join(name, w.name())
	said := fmt.Sprintf("%s %q becomes a directory with %q", was, name, file)
	if len(filepath.Base(name)) > 30 {
		return said, errNothing
	}
	if st, err := os.Lstat(w.at(name)); err != nil || st.IsDir() {
		return said, errNothing
	}
	if err := os.Remove(w.at(name)); err != nil {
		return said, err
	}
	if err := os.Mkdir(w.at(name), 0o755); err != nil {
		return said, err
	}
	return said, put(w.at(file), w.content())
}

func (w *Wild) dirToFile() (string, error) {
	name, err := w.sub()
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("directory %q becomes a file", name)
	if err := os.RemoveAll(w.at(name)); err != nil {
		return said, err
	}
	return said, put(w.at(name), w.content())
}
