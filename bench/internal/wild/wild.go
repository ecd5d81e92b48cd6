package wild

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Options says where and how wildly.
type Options struct {
	Tree    string // what is changed
	Outside string // on the same filesystem, not in Tree
	Seed    uint64
	// Entries is about how many names the tree may have; past it, directories are removed.
	// 0 is 2,000.
	Entries int
	// Stamps also makes changes of content that leave size and mtime as they were. Whoever sees
	// the event mirrors them; a pass that compares stamps, as after a lost event, can't.
	Stamps bool
	// Large also makes files of some megabytes.
	Large bool
}

// Wild makes the changes.
type Wild struct {
	o      Options
	rng    *rand.Rand
	root   bool // owners and devices may be made
	ops    []op
	weight int
	step   int
	census census
	held   []*held
}

// op is one kind of change. It returns what it did, in words; errNothing if the tree has nothing to
// do it to.
type op struct {
	weight int
	do     func(*Wild) (string, error)
}

var errNothing = errors.New("nothing to change")

// harmless are errors of changes that meet what earlier ones left: a directory where a file should
// go, a name too long below another.
func harmless(err error) bool {
	return slices.ContainsFunc([]error{
		errNothing, fs.ErrNotExist, fs.ErrExist, syscall.ENOTEMPTY, syscall.EISDIR, syscall.ENOTDIR,
		syscall.EINVAL, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EPERM, syscall.EMLINK,
		syscall.ETXTBSY, syscall.EBUSY, syscall.EACCES,
	}, func(fine error) bool { return errors.Is(err, fine) })
}

// New looks at the tree and is ready to change it.
func New(o Options) (*Wild, error) {
	if o.Entries == 0 {
		o.Entries = 2000
	}
	w := &Wild{o: o, rng: rand.New(rand.NewPCG(o.Seed, 0x5e25)), root: os.Geteuid() == 0, ops: ops(o)}
	for _, kind := range w.ops {
		w.weight += kind.weight
	}
	return w, w.look()
}

// Step makes one change and says which. "" means that the change that was drawn could not be made.
// An error is one of the machine: a full disk, not a name that was gone.
func (w *Wild) Step() (string, error) {
	w.step++
	if w.step%16 == 0 {
		if err := w.look(); err != nil {
			return "", err
		}
	}
	do := w.draw()
	if w.census.len() > w.o.Entries && len(w.census.dirs) > 0 {
		do = (*Wild).removeDir
	}
	said, err := do(w)
	if expired := w.expire(); err == nil {
		err = expired
	}
	switch {
	case err == nil:
		return said, nil
	case harmless(err):
		return "", nil
	default:
		return "", fmt.Errorf("change the tree (%s): %w", said, err)
	}
}

func (w *Wild) draw() func(*Wild) (string, error) {
	n := w.rng.IntN(w.weight)
	for _, kind := range w.ops {
		if n -= kind.weight; n < 0 {
			return kind.do
		}
	}
	panic("wild: weights do not add up")
}

// look takes stock of the tree.
func (w *Wild) look() (err error) {
	w.census, err = count(w.o.Tree)
	return err
}

// at is the absolute path of a name in the tree.
func (w *Wild) at(name string) string { return filepath.Join(w.o.Tree, name) }

// out is the absolute path of a name outside.
func (w *Wild) out(name string) string { return filepath.Join(w.o.Outside, name) }

// pick draws one of names.
func (w *Wild) pick(names []string) (string, error) {
	if len(names) == 0 {
		return "", errNothing
	}
	return names[w.rng.IntN(len(names))], nil
}

// dir draws a directory; the root, "", is the likeliest.
func (w *Wild) dir() string {
	if n := w.rng.IntN(len(w.census.dirs) + 3); n < len(w.census.dirs) {
		return w.census.dirs[n]
	}
	return ""
}

// fresh draws a name in some directory: often one that exists, or existed.
func (w *Wild) fresh() string { return filepath.Join(w.dir(), w.name()) }

// sub draws a directory other than the root.
func (w *Wild) sub() (string, error) { return w.pick(w.census.dirs) }

func (w *Wild) file() (string, error) { return w.pick(w.census.files) }

// chance is true once in n times.
func (w *Wild) chance(n int) bool { return w.rng.IntN(n) == 0 }

// content is what is written: mostly little.
func (w *Wild) content() []byte {
	size := 0
	switch n := w.rng.IntN(100); {
	case n < 8:
	case n < 80:
		size = 1 + w.rng.IntN(4000)
	case n < 99 || !w.o.Large:
		size = 1 + w.rng.IntN(200_000)
	default:
		size = 1 + w.rng.IntN(8<<20)
	}
	return w.bytes(size)
}

func (w *Wild) bytes(size int) []byte {
	text := make([]byte, size, size+8)
	for at := 0; at < size; at += 8 {
		binary.LittleEndian.PutUint64(text[at:at+8:cap(text)], w.rng.Uint64())
	}
	return text
}
