package rsyncexec

import (
	"fmt"
	"os"
)

// listFile is a complete list as a file that begins at its first byte. It is written before the
// run that reads it exists: whenever this process dies, that run has all of it or never starts.
func listFile(list []byte) (*os.File, error) {
	f, err := memFile("rsync-list")
	if err == nil {
		err = fill(f, list)
		if err == nil {
			err = seal(f)
		}
		if err == nil {
			return f, nil
		}
		f.Close()
		return nil, fmt.Errorf("make the list: %w", err)
	}
	// Linux before 3.17.
	return tempListFile(list)
}

func tempListFile(list []byte) (*os.File, error) {
	f, err := os.CreateTemp("", "rsync-list")
	if err != nil {
		return nil, fmt.Errorf("make the list: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("make the list: %w", err)
	}
	if err := fill(f, list); err != nil {
		f.Close()
		return nil, fmt.Errorf("make the list: %w", err)
	}
	return f, nil
}

// fill writes at offset 0 without moving the file's position, which the child shares.
func fill(f *os.File, b []byte) error {
	_, err := f.WriteAt(b, 0)
	return err
}
