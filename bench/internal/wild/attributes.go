package wild

import (
	"fmt"
	"os"
	"time"
)

// any draws something that has attributes, at times the root itself.
func (w *Wild) any() (string, error) {
	switch w.rng.IntN(8) {
	case 0, 1, 2:
		return w.sub()
	case 3:
		if w.chance(4) {
			return "", nil
		}
		return w.sub()
	default:
		return w.file()
	}
}

func (w *Wild) chmod() (string, error) {
	name, err := w.any()
	if err != nil {
		return "", err
	}
	st, err := os.Lstat(w.at(name))
	if err != nil {
		return "", err
	}
	modes := []os.FileMode{0o600, 0o644, 0o640, 0o755, 0o777, 0o444, 0o700, 0o755 | os.ModeSticky, 0o775 | os.ModeSetgid}
	switch {
	case w.root:
		modes = append(modes, 0, 0o111, 0o755|os.ModeSetuid)
	case st.IsDir(): // we, and the mirror, still want to get in
		modes = []os.FileMode{0o700, 0o755, 0o777}
	}
	mode := modes[w.rng.IntN(len(modes))]
	if st.Mode()&os.ModeSymlink != 0 {
		return "", errNothing
	}
	return fmt.Sprintf("chmod %q %v", name, mode), os.Chmod(w.at(name), mode)
}

func (w *Wild) chown() (string, error) {
	name, err := w.any()
	if len(w.census.links) > 0 && w.chance(4) {
		name, err = w.pick(w.census.links)
	}
	if err != nil || !w.root {
		return "", err
	}
	owner := []int{0, 1, 65534, 123456}[w.rng.IntN(4)]
	return fmt.Sprintf("chown %q %d", name, owner), os.Lchown(w.at(name), owner, owner)
}

// touch sets an mtime: old, new, in the future, to the nanosecond.
func (w *Wild) touch() (string, error) {
	name, err := w.any()
	if err != nil {
		return "", err
	}
	if st, err := os.Lstat(w.at(name)); err != nil || st.Mode()&os.ModeSymlink != 0 {
		return "", errNothing
	}
	at := time.Unix(w.rng.Int64N(2_000_000_000), w.rng.Int64N(1_000_000_000))
	if w.chance(4) {
		at = at.Truncate(time.Second)
	}
	return fmt.Sprintf("touch %q %v", name, at.UnixNano()), os.Chtimes(w.at(name), at, at)
}
