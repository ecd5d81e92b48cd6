package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sersync/sersync/engine"
)

// rsync ends a run at the first file that does not fit. A pass over a tree with such a file brings
// over all that fits, changes arrive meanwhile, and when there is room, or the file is gone, source
// and target are the same.
func TestWhatFitsReachesAFullTarget(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mount(2) needs root: EPERM")
	}
	for _, tt := range []struct {
		name      string
		largeFile int64
		free      func(r *rig)
	}{
		{"the file goes", 1 << 30, func(r *rig) { must(r.t, os.Remove(r.path("big1"))) }},
		{"there is room", 1 << 30, func(r *rig) { r.disk(64, syscall.MS_REMOUNT) }},
		{"the resumable file goes", 1 << 20, func(r *rig) { must(r.t, os.Remove(r.path("big1"))) }},
		{"there is room for the resumable file", 1 << 20, func(r *rig) { r.disk(64, syscall.MS_REMOUNT) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.conf.Trees[0].LargeFile = tt.largeFile
			r.disk(8, 0)
			defer syscall.Unmount(r.dst(), syscall.MNT_DETACH)
			r.write("a/f", "small")
			r.write("big1", strings.Repeat("x", 12<<20)) // comes before a/f in rsync's list
			r.start()
			r.holds("a/f", "small")
			r.says("target is full")
			for i := range 20 {
				r.write(fmt.Sprint("a/c", i), fmt.Sprint(i))
				r.holds(fmt.Sprint("a/c", i), fmt.Sprint(i))
			}
			if r.has("big1") || r.log.count("target is full") != 1 || r.log.contains("room again") {
				t.Error("it did not stay full")
			}
			tt.free(r)
			r.identical()
			r.says("target has room again")
			if n := r.log.count("target is"); n != 1 {
				t.Errorf("%d lines say how the target is, want one: it is full", n)
			}
		})
	}
}

// One pass brings over what fits, and says what does not.
func TestASyncToAFullTargetBringsWhatFits(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mount(2) needs root: EPERM")
	}
	t.Parallel()
	r := newRig(t)
	r.disk(8, 0)
	defer syscall.Unmount(r.dst(), syscall.MNT_DETACH)
	r.write("a/f", "small")
	r.write("big1", strings.Repeat("x", 12<<20))
	eng, err := engine.New(r.options())
	must(t, err)
	res, err := eng.Sync(t.Context())
	must(t, err)
	if !r.has("a/f") {
		t.Error("what fits has not arrived")
	}
	if res.Identical || len(res.Failed) != 1 || !strings.Contains(res.Failed[0], "big1") || len(res.Unreachable) != 0 {
		t.Errorf("result %+v", res)
	}
}

// disk makes the target's directory a filesystem of so many megabytes.
func (r *rig) disk(megabytes int, flags uintptr) {
	r.t.Helper()
	must(r.t, syscall.Mount("none", r.dst(), "tmpfs", flags, fmt.Sprintf("size=%dm", megabytes)))
}

// Where the target's directory was gone for a while, what is there afterwards is compared as a whole.
func TestATargetThatWasGoneIsComparedAsAWhole(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("a/b/f", "1")
	r.write("g", "1")
	r.start()
	r.identical()
	away := filepath.Join(filepath.Dir(r.dst()), "away")
	must(t, os.Rename(r.dst(), away))
	r.write("h", "1")
	r.says("all of it is compared when its directory is back")
	must(t, os.Mkdir(r.dst(), 0o755))
	r.identical()
}

// A directory that the target has lost is sent again as a whole when something in it changes.
func TestALostDirectoryOfTheTargetIsSentAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("a/b/f", "1")
	r.write("a/g", "1")
	r.start()
	r.identical()
	must(t, os.RemoveAll(filepath.Join(r.dst(), "a")))
	r.write("a/b/f", "2")
	r.identical()
	if n := r.log.count("target has lost directories"); n != 1 {
		t.Errorf("%d lines say so", n)
	}
}

// New directories are nothing that the target has lost.
func TestNewDirectoriesAreNotLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	for i := range 50 {
		for j := range 5 {
			r.write(fmt.Sprintf("d%d/e%d/f", i, j), "1")
		}
		must(t, os.Rename(r.path(fmt.Sprint("d", i)), r.path(fmt.Sprint("n", i))))
		r.write(fmt.Sprintf("n%d/e0/g", i), "1")
	}
	r.identical()
	if r.log.contains("lost directories") {
		t.Error("the mirror takes new directories for lost ones")
	}
}
