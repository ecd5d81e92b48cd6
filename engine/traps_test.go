package engine_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The first store into a page moves a file's mtime, a second one into the same page does not until
// it was written back. A run between the two makes the target's size and mtime those of the source.
func TestASecondStoreIntoADirtyPageReachesTheTarget(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("mapped", strings.Repeat("0", 4096))
	r.start()
	r.identical()
	f, err := os.OpenFile(r.path("mapped"), os.O_RDWR, 0)
	must(t, err)
	m, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	must(t, err)
	must(t, f.Close())
	copy(m, "first")
	stamp := mtime(t, r.path("mapped"))
	must(t, os.Chmod(r.path("mapped"), 0o600)) // a reason for a run: stores raise no event
	r.identical()
	copy(m, "other")
	if !mtime(t, r.path("mapped")).Equal(stamp) {
		t.Log("the page was written back meanwhile: the quick check would have seen the store")
	}
	must(t, syscall.Munmap(m))
	r.holds("mapped", "other"+strings.Repeat("0", 4091))
}

// Two writes in one tick of a coarse clock, and a write under way while rsync reads, end with a
// replica of the right size and time and the wrong bytes.
func TestSameSizeAndTimeReachesTheTarget(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"small": 10, "large": 3000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.conf.Trees[0].LargeFile = 1000
			at := time.Unix(1e9, 0)
			write := func(c string) string {
				content := strings.Repeat(c, size)
				f, err := os.OpenFile(r.path("d/f"), os.O_WRONLY|os.O_CREATE, 0o644)
				must(t, err)
				_, err = f.WriteString(content)
				must(t, err)
				must(t, os.Chtimes(r.path("d/f"), at, at))
				must(t, f.Close())
				return content
			}
			must(t, os.Mkdir(r.path("d"), 0o755))
			first := write("a")
			r.start()
			r.holds("d/f", first)
			r.holds("d/f", write("b"))
			// A rename carries what is owed to the old name along.
			write("d")
			must(t, os.Rename(r.path("d"), r.path("e")))
			r.holds("e/f", strings.Repeat("d", size))
			// Another file in its place, of the same size and time.
			must(t, os.WriteFile(r.path("new"), []byte(strings.Repeat("e", size)), 0o644))
			must(t, os.Chtimes(r.path("new"), at, at))
			must(t, os.Rename(r.path("new"), r.path("e/f")))
			r.holds("e/f", strings.Repeat("e", size))
			r.identical()
		})
	}
}

// What is owed while a target is down is a path; what lies there is asked when the target is back.
func TestOwedPathsAreLookedAtWhenTheTargetIsBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(r *rig) error
	}{
		{"its directory has another name", func(r *rig) error {
			return os.Rename(r.path("a"), r.path("b"))
		}},
		{"a symlink stands in its place", func(r *rig) error {
			must(r.t, os.Rename(r.path("a"), r.path("b")))
			return os.Symlink("b", r.path("a"))
		}},
		{"a symlink out of the tree stands in its place", func(r *rig) error {
			out := r.t.TempDir()
			must(r.t, os.MkdirAll(out+"/x", 0o755))
			must(r.t, os.WriteFile(out+"/x/f", []byte("out of the tree"), 0o644))
			must(r.t, os.Rename(r.path("a"), r.path("b")))
			return os.Symlink(out, r.path("a"))
		}},
		{"a file stands in its place", func(r *rig) error {
			must(r.t, os.RemoveAll(r.path("a")))
			return os.WriteFile(r.path("a"), []byte("now a file"), 0o644)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.write("a/x/f", "1")
			r.start()
			r.identical()
			r.server.Stop()
			r.write("a/x/f", "while it is down")
			r.write("a/x/new", "too")
			r.says("target is down")
			must(t, tt.change(r))
			r.server.Start()
			r.identical()
		})
	}
}

// A directory's mode and a file in it change at once: a list of the directory carries no file.
func TestADirectoryAndAFileInItAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("a/f", "1")
	r.write("a/b/g", "1")
	r.start()
	r.identical()
	for i := range 2 {
		mode := os.FileMode(0o700 + i)
		must(t, os.Chmod(r.path("a"), mode))
		must(t, os.Chmod(r.path("a/b"), mode))
		must(t, os.Chmod(r.path("a/f"), mode))
		must(t, os.Chmod(r.path("a/b/g"), mode))
		r.write("a/b/g", fmt.Sprint(i))
		r.identical()
	}
}

// Events name a file as it was opened, and that name may never have been there, or be gone.
func TestWhatIsWrittenUnderAForeignNameReachesTheTarget(t *testing.T) {
	t.Parallel()
	t.Run("a file without a name gets one", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		must(t, os.Mkdir(r.path("d"), 0o755))
		r.start()
		r.identical()
		fd, err := syscall.Open(r.path("d"), 0o20200000|syscall.O_RDWR, 0o644) // O_TMPFILE
		must(t, err)
		f := os.NewFile(uintptr(fd), "unnamed")
		_, err = f.WriteString("one")
		must(t, err)
		link := exec.Command("ln", "-L", fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd), r.path("d/named"))
		if out, err := link.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		r.holds("d/named", "one")
		_, err = f.WriteAt([]byte("two"), 0)
		must(t, err)
		must(t, os.Chtimes(r.path("d/named"), time.Unix(1e9, 0), time.Unix(1e9, 0)))
		must(t, f.Close())
		r.holds("d/named", "two")
		r.identical()
	})
	t.Run("the name that it was opened by is gone", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.write("d/a", "one")
		r.start()
		r.identical()
		f, err := os.OpenFile(r.path("d/a"), os.O_WRONLY, 0)
		must(t, err)
		must(t, os.Link(r.path("d/a"), r.path("d/b")))
		must(t, os.Remove(r.path("d/a")))
		r.lacks("d/a")
		_, err = f.WriteString("two")
		must(t, err)
		must(t, f.Close())
		r.holds("d/b", "two")
		r.identical()
	})
}

// A file that gets a second name elsewhere, long after the first was sent, is one file with two
// names on the target too: runs that list only one of them would leave two files.
func TestANameMadeLaterIsLinkedOnTheTarget(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.conf.Trees[0].Targets[0].HardLinks = true
	r.write("a/x", "content")
	must(t, os.Mkdir(r.path("b"), 0o755))
	r.start()
	r.identical()
	must(t, os.Link(r.path("a/x"), r.path("b/y")))
	r.identical()
	must(t, os.Mkdir(r.path("c"), 0o755))
	must(t, os.Link(r.path("b/y"), r.path("c/z"))) // in a directory that is taken as a whole
	r.identical()
	f, err := os.OpenFile(r.path("c/z"), os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString("CONTENT")
	must(t, err)
	must(t, f.Close())
	r.identical()
}

func mtime(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.ModTime()
}
