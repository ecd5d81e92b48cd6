package scan

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"
	"testing"
)

// What is pinned can't be unmounted, and can be again afterwards.
func TestPinKeepsAMount(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "d/inner/", "d/inner.file")
	mount(t, "tmpfs", dir+"/d/inner", "tmpfs", 0)
	root := pin(t, dir, modern())
	if points, err := root.MountPoints(); err != nil || !slices.Equal(points, []string{"d/inner"}) {
		t.Errorf("mount points %q, %v", points, err)
	}
	for path, want := range map[string]error{"d/none": fs.ErrNotExist, "d/../d": fs.ErrInvalid} {
		if f, err := root.Pin(path); !errors.Is(err, want) {
			t.Errorf("Pin(%q) = %v, %v, want %v", path, f, err, want)
		}
	}
	f, err := root.Pin("d/inner")
	must(t, err)
	if err := syscall.Unmount(dir+"/d/inner", 0); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("unmount while it is pinned: %v, want EBUSY", err)
	}
	must(t, f.Close())
	if err := syscall.Unmount(dir+"/d/inner", 0); err != nil {
		t.Errorf("unmount afterwards: %v", err)
	}
}
