package wild

import (
	"errors"
	"os"
)

// open opens a file, or makes it, but no fifo: that would wait for its other end, and O_NONBLOCK
// would be turned away by a mirror's read lease.
func open(path string, flag int) (*os.File, error) {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return nil, errNothing
	}
	return os.OpenFile(path, flag, 0o644)
}

// put writes a whole file in place.
func put(path string, content []byte) error {
	f, err := open(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
