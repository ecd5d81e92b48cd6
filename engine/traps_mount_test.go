package engine_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/sersync/sersync/engine"
)

// What is mounted over a directory hides what the target has a replica of. It is not mirrored, and
// what it hides was not deleted.
func TestAMountOverADirectoryEmptiesNothing(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("mount(2) needs root: EPERM")
	}
	for _, tt := range []struct {
		name  string
		cross bool
	}{{"other filesystems are left out", false}, {"other filesystems are mirrored", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.conf.Trees[0].CrossMounts = tt.cross
			r.write("a/d/kept", "1")
			r.write("a/e/f", "1")
			r.start(func(o *engine.Options) { o.ForceDelete = true })
			r.identical()
			d := r.path("a/d")
			must(t, syscall.Mount("none", d, "tmpfs", 0, ""))
			defer syscall.Unmount(d, syscall.MNT_DETACH)
			r.write("a/d/hiding", "2")
			must(t, os.Chmod(d, 0o700))
			r.write("a/e/f", "2")
			r.holds("a/e/f", "2")
			r.settled()
			if !r.has("a/d/kept") {
				t.Fatal("the replica of what is hidden was deleted live")
			}
			if !tt.cross { // a start with it would say that the filesystem belongs to the tree
				r.stop()
				r.start(func(o *engine.Options) { o.ForceDelete = true })
				r.says("full pass ended")
				r.settled()
				if !r.has("a/d/kept") {
					t.Fatal("the replica of what is hidden was deleted by a full pass")
				}
			}
			must(t, syscall.Unmount(d, syscall.MNT_DETACH))
			r.write("a/d/after", "3") // the first watches may have been set while it was hidden
			r.holds("a/d/after", "3")
			r.identical()
			r.write("a/d/later", "4")
			r.holds("a/d/later", "4")
		})
	}
}
