package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

func TestLook(t *testing.T) {
	eachCalls(t, func(t *testing.T, c calls) {
		dir := t.TempDir()
		long := strings.Repeat("x", 255)
		populate(t, dir, "a/b/c/file", "a/empty/", "top", "a/\xff\n/f", long+"/f", "outside/f", "root/in")
		must(t, os.Symlink("b", dir+"/a/link"))
		must(t, os.Symlink("/", dir+"/a/abs"))
		must(t, os.Symlink("nowhere", dir+"/a/dangling"))
		must(t, os.Symlink("../outside", dir+"/root/out"))
		must(t, syscall.Mkfifo(dir+"/a/fifo", 0o600))
		r := pin(t, dir, c)
		for _, test := range []struct {
			path, top string
			kind      Kind
		}{
			{"", "", KindDir},
			{"top", "top", KindFile},
			{"a", "a", KindDir},
			{"a/b/c/file", "a/b/c/file", KindFile},
			{"a/b/c/none", "a/b/c/none", KindMissing},
			{"a/b/none/c/file", "a/b/none", KindMissing},
			{"none", "none", KindMissing},
			{"none/x", "none", KindMissing},
			{"top/x/y", "top", KindFile},
			{"a/b/c/file/x", "a/b/c/file", KindFile},
			{"a/link", "a/link", KindSymlink},
			{"a/link/c/file", "a/link", KindSymlink},
			{"a/abs/etc", "a/abs", KindSymlink},
			{"a/dangling/x", "a/dangling", KindSymlink},
			{"root/out/f", "root/out", KindSymlink},
			{"a/fifo", "a/fifo", KindOther},
			{"a/fifo/x", "a/fifo", KindOther},
			{"a/empty", "a/empty", KindDir},
			{"a/\xff\n/f", "a/\xff\n/f", KindFile},
			{"...", "...", KindMissing},
			{long + "/f", long + "/f", KindFile},
			{long + "x", long + "x", KindMissing},
			{long + "x/f", long + "x", KindMissing},
			{"a/" + long + "x/f/g", "a/" + long + "x", KindMissing},
		} {
			l := r.Looker(false)
			top, st, err := l.Look(test.path)
			l.Close()
			if top != test.top || st.Kind != test.kind || err != nil {
				t.Errorf("%q: %q is a %v, %v; want %q, a %v",
					test.path, top, st.Kind, err, test.top, test.kind)
			}
		}
	})
}

func TestLookInvalidPath(t *testing.T) {
	r := pin(t, t.TempDir(), modern())
	populate(t, r.Path(), "a/b")
	l := r.Looker(false)
	defer l.Close()
	for _, path := range []string{
		"/", "/a", "a/", "a//b", ".", "..", "a/.", "a/..", "../x", "a/../..", "./a", "a\x00", "a\x00/b",
		"a/b\x00c",
	} {
		if top, st, err := l.Look(path); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: %q, %v, %v", path, top, st.Kind, err)
		}
	}
}

func TestLookStat(t *testing.T) {
	eachCalls(t, func(t *testing.T, c calls) {
		dir := t.TempDir()
		populate(t, dir, "d/file")
		must(t, os.Link(dir+"/d/file", dir+"/d/second"))
		must(t, os.Chmod(dir+"/d/file", 0o640))
		var want syscall.Stat_t
		must(t, syscall.Lstat(dir+"/d/file", &want))
		l := pin(t, dir, c).Looker(false)
		defer l.Close()
		_, st, err := l.Look("d/second")
		must(t, err)
		if exp := (Stat{
			Kind: KindFile, Mode: want.Mode, Nlink: 2, Size: want.Size, Ino: want.Ino, Dev: want.Dev,
			Mtime: want.Mtim.Nano(), Ctime: want.Ctim.Nano(),
		}); st != exp {
			t.Errorf("%+v, want %+v", st, exp)
		}
	})
}

func TestLookMounts(t *testing.T) {
	eachCalls(t, func(t *testing.T, c calls) {
		dir := t.TempDir()
		populate(t, dir, "a/tmpfs/x", "a/bind/", "a/file", "from/x/y")
		mount(t, "tmpfs", dir+"/a/tmpfs", "tmpfs", 0)
		populate(t, dir, "a/tmpfs/d/f")
		mount(t, dir+"/from", dir+"/a/bind", "", syscall.MS_BIND) // same filesystem, same st_dev
		mount(t, dir+"/from/x/y", dir+"/a/file", "", syscall.MS_BIND)
		r := pin(t, dir, c)
		for _, test := range []struct {
			path, top string
			kind      Kind
			cross     Kind
		}{
			{"a/tmpfs", "a/tmpfs", KindMount, KindDir},
			{"a/tmpfs/d/f", "a/tmpfs", KindMount, KindFile},
			{"a/tmpfs/x", "a/tmpfs", KindMount, KindMissing},
			{"a/bind", "a/bind", KindMount, KindDir},
			{"a/bind/x/y", "a/bind", KindMount, KindFile},
			{"a/file", "a/file", KindMount, KindFile},
			{"from/x", "from/x", KindDir, KindDir},
		} {
			for cross, want := range map[bool]Kind{false: test.kind, true: test.cross} {
				l := r.Looker(cross)
				top, st, err := l.Look(test.path)
				l.Close()
				wantTop := test.top
				if cross {
					wantTop = test.path
				}
				if top != wantTop || st.Kind != want || err != nil {
					t.Errorf("%q, crossing %v: %q is a %v, %v; want %q, a %v",
						test.path, cross, top, st.Kind, err, wantTop, want)
				}
			}
		}
	})
}

func TestLookDeep(t *testing.T) {
	// Longer than PATH_MAX and deeper than the Looker's stack.
	const depth, name = 300, "directory-with-a-name"
	dir := t.TempDir()
	t.Chdir(dir)
	path := ""
	for range depth {
		must(t, os.Mkdir(name, 0o755))
		must(t, os.Chdir(name))
		path += name + "/"
	}
	must(t, os.WriteFile("file", nil, 0o644))
	must(t, os.Chdir(dir))
	eachCalls(t, func(t *testing.T, c calls) {
		l := pin(t, dir, c).Looker(false)
		defer l.Close()
		for _, up := range []int{0, 1, 150, 290, 299, 2, 0} {
			p := path[:(depth-up)*(len(name)+1)] + "file"
			want := KindMissing
			if up == 0 {
				want = KindFile
			}
			if top, st, err := l.Look(p); top != p || st.Kind != want || err != nil {
				t.Errorf("%d up: %d bytes of %d, %v, %v", up, len(top), len(p), st.Kind, err)
			}
			if len(l.frames) > maxFrames {
				t.Errorf("%d descriptors", len(l.frames))
			}
		}
	})
}

func TestLookReset(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "d/e/old")
	l := pin(t, dir, modern()).Looker(false)
	defer l.Close()
	look := func(path string, want Kind) {
		t.Helper()
		if _, st, err := l.Look(path); st.Kind != want || err != nil {
			t.Errorf("%q: %v, %v, want %v", path, st.Kind, err, want)
		}
	}
	look("d/e/old", KindFile)
	look("d/e/none/x", KindMissing)
	must(t, os.Rename(dir+"/d", dir+"/moved"))
	populate(t, dir, "d/e/new", "d/e/none/x")
	l.Reset()
	look("d/e/old", KindMissing)
	look("d/e/new", KindFile)
	look("d/e/none/x", KindFile)
}

// asNobody runs f on a thread that has the rights of no user in particular.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	setfsuid := func(uid uintptr) { syscall.RawSyscall(syscall.SYS_SETFSUID, uid, 0, 0) }
	setfsuid(65534)
	defer setfsuid(0)
	f()
}

func TestLookDenied(t *testing.T) {
	eachCalls(t, func(t *testing.T, c calls) {
		dir := t.TempDir()
		populate(t, dir, "open/closed/d/f")
		for p := dir; p != "/tmp" && p != "/"; p = filepath.Dir(p) {
			must(t, os.Chmod(p, 0o755))
		}
		must(t, os.Chmod(dir+"/open/closed", 0))
		t.Cleanup(func() { os.Chmod(dir+"/open/closed", 0o755) })
		r := pin(t, dir, c)
		asNobody(t, func() {
			l := r.Looker(false)
			defer l.Close()
			if top, st, err := l.Look("open/closed"); top != "open/closed" || st.Kind != KindDir || err != nil {
				t.Errorf("the closed directory itself: %q, %v, %v", top, st.Kind, err)
			}
			for _, path := range []string{"open/closed/d", "open/closed/d/f", "open/closed/none/x/y"} {
				_, st, err := l.Look(path)
				var at *fs.PathError
				if !errors.Is(err, fs.ErrPermission) || !errors.As(err, &at) || at.Path != path {
					t.Errorf("%q: %v, %v", path, st.Kind, err)
				}
			}
		})
	})
}

// naive is what Look promises, written with lstat of every prefix.
func naive(root, path string) (top string, kind Kind) {
	for i := 0; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		fi, err := os.Lstat(root + "/" + path[:i])
		switch {
		case err != nil:
			return path[:i], KindMissing
		case fi.Mode().IsRegular():
			return path[:i], KindFile
		case fi.Mode()&fs.ModeSymlink != 0:
			return path[:i], KindSymlink
		case !fi.IsDir():
			return path[:i], KindOther
		}
	}
	return path, KindDir
}

// Whatever the order of the paths, a Looker that keeps its stack answers as lstat does.
func TestLookAgainstLstat(t *testing.T) {
	for name, c := range map[string]calls{"newest": modern(), "oldest": {}} {
		t.Run(name, func(t *testing.T) { lookAgainstLstat(t, c) })
	}
}

func lookAgainstLstat(t *testing.T, c calls) {
	top := scratch(t)
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(top, "")
		must(t, err)
		defer os.RemoveAll(dir)
		name := rapid.SampledFrom([]string{"a", "b", "ab", "a b", "\xff"})
		path := rapid.Custom(func(rt *rapid.T) string {
			return strings.Join(rapid.SliceOfN(name, 1, 5).Draw(rt, "path"), "/")
		})
		for range rapid.IntRange(0, 12).Draw(rt, "entries") {
			p := dir + "/" + path.Draw(rt, "made")
			os.MkdirAll(filepath.Dir(p), 0o755)
			switch rapid.IntRange(0, 3).Draw(rt, "kind") {
			case 0:
				os.Mkdir(p, 0o755)
			case 1:
				os.Symlink(name.Draw(rt, "target"), p)
			case 2:
				syscall.Mkfifo(p, 0o644)
			default: // not WriteFile, which would wait for the reader of a fifo
				if f, err := os.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644); err == nil {
					f.Close()
				}
			}
		}
		r, err := openRoot(dir, c)
		must(t, err)
		defer r.Close()
		l := r.Looker(false)
		defer l.Close()
		paths := rapid.SliceOfN(path, 1, 30).Draw(rt, "paths")
		if rapid.Bool().Draw(rt, "sorted") {
			slices.Sort(paths)
		}
		for _, p := range paths {
			top, st, err := l.Look(p)
			wantTop, want := naive(dir, p)
			if top != wantTop || st.Kind != want || err != nil {
				rt.Fatalf("%q: %q is a %v, %v; lstat says %q, a %v", p, top, st.Kind, err, wantTop, want)
			}
		}
	})
}

func TestLookDoesNotAllocate(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "d/e/one", "d/e/two")
	l := pin(t, dir, modern()).Looker(false)
	defer l.Close()
	if n := testing.AllocsPerRun(100, func() {
		for _, p := range [...]string{"d/e/one", "d/e/two", "d/e/three", "d/e/three/x"} {
			if _, _, err := l.Look(p); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkLook prints, as "x-statx", what a look at a sorted path costs in units of one statx(2) of
// the same path from the root, measured in the same run.
func BenchmarkLook(b *testing.B) {
	const dirs, files = 100, 100
	dir := b.TempDir()
	paths := make([]string, 0, dirs*files)
	for i := range dirs {
		for j := range files {
			paths = append(paths, fmt.Sprintf("some/where/dir%03d/file%03d", i, j))
		}
	}
	populate(b, dir, paths...)
	terminated := make([][]byte, len(paths))
	for i, p := range paths {
		terminated[i] = append([]byte(p), 0)
	}
	for name, c := range map[string]calls{"openat2": modern(), "stepwise": {statx: true}} {
		b.Run(name, func(b *testing.B) {
			r := pin(b, dir, c)
			b.ReportAllocs()
			var look, plain float64
			for b.Loop() {
				look += seconds(func() {
					l := r.Looker(false)
					defer l.Close()
					for _, p := range paths {
						if _, st, err := l.Look(p); err != nil || st.Kind != KindFile {
							b.Fatal(p, err)
						}
					}
				})
				plain += seconds(func() { statAll(b, r.fd, terminated) })
			}
			b.ReportMetric(look/plain, "x-statx")
			b.ReportMetric(look*1e9/float64(b.N*len(paths)), "ns/look")
		})
	}
}
