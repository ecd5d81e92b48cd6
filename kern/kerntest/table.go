package kerntest

import (
	"io/fs"
	"path/filepath"

	"github.com/sersync/sersync/kern"
)

// CheckTable compares the table with the directories on disk, which must have settled: every one
// must be in it where it is, and none that is not there. Detached ones may wait to be given back,
// unless reaped.
func (w *Follower) CheckTable(reaped bool) {
	w.tb.Helper()
	disk := w.directories()
	w.do(func() {
		for id := range w.subject.Table.All() {
			path, _, ok := w.subject.Table.AppendPath(nil, id)
			switch {
			case ok && disk[string(path)]:
				delete(disk, string(path))
			case ok:
				w.tb.Errorf("the table has %s, which is not there", path)
			case reaped:
				w.tb.Errorf("the table has a directory without a path, key %d",
					w.subject.Table.Key(id))
			}
		}
	})
	for path := range disk {
		if path != "" && !w.skip([]byte(path), true) {
			w.tb.Errorf("%s is not in the table", path)
		}
	}
}

func (w *Follower) directories() map[string]bool {
	dirs := map[string]bool{}
	err := filepath.WalkDir(w.config.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(w.config.Dir, path)
		if rel == "." {
			rel = ""
		}
		dirs[rel] = true
		return err
	})
	if err != nil {
		w.tb.Fatal(err)
	}
	return dirs
}

// Table calls f with the table in the goroutine that owns it.
func (w *Follower) Table(f func(*kern.DirTable)) { w.do(func() { f(w.subject.Table) }) }
