package kerntest

import (
	"io/fs"
	"path/filepath"

	"github.com/sersync/sersync/kern"
)

// CheckTable compares the table with the directories on disk, which must have settled: every one
// must be in it. After Reap it must hold no other.
func (w *Follower) CheckTable() {
	w.tb.Helper()
	dirs := map[string]bool{}
	err := filepath.WalkDir(w.config.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(w.config.Dir, path)
		if e.IsDir() {
			dirs[rel] = true
		}
		return err
	})
	if err != nil {
		w.tb.Fatal(err)
	}
	for dir := range dirs {
		if dir != "." && !w.Watched(dir) && !w.skip([]byte(dir), true) {
			w.tb.Errorf("%s is not in the table", dir)
		}
	}
	w.Table(func(t *kern.DirTable) {
		if t.Limbo() == 0 && w.config.Skip == nil && t.Len() > len(dirs) && w.losses == 0 {
			w.tb.Errorf("the table has %d directories, the tree %d", t.Len(), len(dirs))
		}
	})
}
