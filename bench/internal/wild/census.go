package wild

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// census lists what a tree holds, in an order that only depends on names.
type census struct {
	dirs  []string // without the root
	files []string // regular ones
	links []string // symlinks
	other int
}

func (c *census) len() int { return len(c.dirs) + len(c.files) + len(c.links) + c.other }

// count walks the tree.
func count(root string) (census, error) {
	var c census
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 {
			return nil
		}
		if err != nil || path == root {
			return err
		}
		name := path[len(root)+1:]
		switch {
		case d.IsDir():
			c.dirs = append(c.dirs, name)
		case d.Type().IsRegular():
			c.files = append(c.files, name)
		case d.Type()&fs.ModeSymlink != 0:
			c.links = append(c.links, name)
		default:
			c.other++
		}
		return nil
	})
	if err != nil {
		return census{}, fmt.Errorf("look at the tree: %w", err)
	}
	return c, nil
}
