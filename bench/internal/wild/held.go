package wild

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
)

// held is a file that is kept open for writing, or mapped, while other changes go on around it.
type held struct {
	name    string
	f       *os.File
	mapping []byte
	until   int // step
}

// hold opens a file, writes something, and keeps it open.
func (w *Wild) hold() (string, error) {
	name, err := w.file()
	if err != nil || w.chance(3) {
		name = w.fresh()
	}
	said := fmt.Sprintf("open %q, write, keep it open", name)
	if len(w.held) > 8 {
		return said, errNothing
	}
	f, err := open(w.at(name), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW)
	if err != nil {
		return said, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return said, errors.Join(err, f.Close(), errNothing)
	}
	w.held = append(w.held, &held{name: name, f: f, until: w.step + 1 + w.rng.IntN(60)})
	_, err = f.Write(w.bytes(w.rng.IntN(500)))
	return said, err
}

// holdOn writes more to a file that is open.
func (w *Wild) holdOn() (string, error) {
	if len(w.held) == 0 {
		return "", errNothing
	}
	h := w.held[w.rng.IntN(len(w.held))]
	said := fmt.Sprintf("write on to %q", h.name)
	if !w.visible(h) {
		return said, errNothing
	}
	if h.mapping != nil {
		h.mapping[w.rng.IntN(len(h.mapping))]++
		return said + " through its mapping", nil
	}
	_, err := h.f.Write(w.bytes(w.rng.IntN(500)))
	return said, err
}

// mapFile maps a file, stores into it, and keeps the mapping.
func (w *Wild) mapFile() (string, error) {
	name, err := w.file()
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("store to %q through a mapping", name)
	f, err := open(w.at(name), os.O_RDWR|syscall.O_NOFOLLOW)
	if err != nil {
		return said, err
	}
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() == 0 || st.Size() > 1<<20 || len(w.held) > 8 {
		return said, errors.Join(err, f.Close(), errNothing)
	}
	mapping, err := syscall.Mmap(int(f.Fd()), 0, int(st.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return said, errors.Join(err, f.Close())
	}
	h := &held{name: name, f: f, mapping: mapping, until: w.step + w.rng.IntN(20)}
	w.held = append(w.held, h)
	mapping[w.rng.IntN(len(mapping))]++
	return said, nil
}

// visible tells whether a write through h can be seen by who watches the tree: the descriptor's own
// name is there, or the file has no other. A mapping may also have been cut off by a truncation.
func (w *Wild) visible(h *held) bool {
	st, err := h.f.Stat()
	if err != nil || h.mapping != nil && st.Size() < int64(len(h.mapping)) {
		return false
	}
	stat, ok := st.Sys().(*syscall.Stat_t)
	if !ok || stat.Nlink < 2 {
		return ok
	}
	now, err := os.Lstat(w.at(h.name))
	return err == nil && os.SameFile(st, now)
}

// expire closes what was held long enough.
func (w *Wild) expire() error {
	var err error
	w.held = slices.DeleteFunc(w.held, func(h *held) bool {
		if h.until > w.step {
			return false
		}
		err = errors.Join(err, h.close())
		return true
	})
	return err
}

// Settle closes everything that is open. It must be called before a Wild is dropped.
func (w *Wild) Settle() error {
	var err error
	for _, h := range w.held {
		err = errors.Join(err, h.close())
	}
	w.held = nil
	return err
}

func (h *held) close() error {
	var err error
	if h.mapping != nil {
		err = syscall.Munmap(h.mapping)
	}
	return errors.Join(err, h.f.Close())
}
