package inotify

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sersync/sersync/kern"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Each change must wake the watch; a test that times out is one that missed it.
func TestPathWatchSeesThatThePathLeadsElsewhere(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string)
	}{
		{"a symlink is switched", func(t *testing.T, dir string) {
			must(t, os.Symlink("releases/2", dir+"/next"))
			must(t, os.Rename(dir+"/next", dir+"/current"))
		}},
		{"what the symlink leads to is renamed", func(t *testing.T, dir string) {
			must(t, os.Rename(dir+"/releases/1", dir+"/releases/0"))
		}},
		{"a directory above is renamed", func(t *testing.T, dir string) {
			must(t, os.Rename(dir+"/releases", dir+"/old"))
		}},
		{"it is removed", func(t *testing.T, dir string) {
			must(t, os.RemoveAll(dir+"/releases/1"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.MkdirAll(dir+"/releases/1/www", 0o755))
			must(t, os.MkdirAll(dir+"/releases/2/www", 0o755))
			must(t, os.Symlink("releases/1", dir+"/current"))
			w, err := NewPathWatch(filepath.Join(dir, "current", "www"))
			must(t, err)
			defer w.Close()
			woke := make(chan error, 1)
			go func() { woke <- w.Wait() }()
			// Names beside the way must not wake it: the first to answer is the change.
			must(t, os.WriteFile(dir+"/beside", nil, 0o644))
			c.change(t, dir)
			must(t, <-woke)
		})
	}
}

func TestPathWatchIgnoresWhatIsBesideTheWay(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(dir+"/root", 0o755))
	w, err := NewPathWatch(dir + "/root")
	must(t, err)
	woke := make(chan error, 1)
	go func() { woke <- w.Wait() }()
	for range 100 {
		must(t, os.WriteFile(dir+"/beside", nil, 0o644))
		must(t, os.Remove(dir+"/beside"))
		must(t, os.WriteFile(dir+"/root/inside", nil, 0o644))
	}
	must(t, w.Close())
	if err := <-woke; !errors.Is(err, kern.ErrClosed) {
		t.Errorf("Wait: %v, want ErrClosed and no wake-up before", err)
	}
	if err := w.Wait(); !errors.Is(err, kern.ErrClosed) {
		t.Errorf("Wait after Close: %v", err)
	}
}
