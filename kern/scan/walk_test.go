package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// found collects what a walk says, from any goroutine.
type found struct {
	mu      sync.Mutex
	entered map[string]uint64 // path of a directory: its key
	entries map[string]string // path: kind and size
	failed  map[string]error
	next    uint64
	broken  []string // promises not kept
}

func newFound() *found {
	return &found{
		entered: map[string]uint64{}, entries: map[string]string{}, failed: map[string]error{}, next: 100,
	}
}

// enter checks what Enter is promised: once each, the parent first, its key handed down.
func (f *found) enter(d *Dir) (uint64, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := string(d.Path)
	if _, ok := f.entered[p]; ok {
		f.broken = append(f.broken, "entered again: "+p)
	}
	if key, ok := f.entered[parent(p)]; p != "" && ok && key != d.Parent {
		f.broken = append(f.broken, fmt.Sprintf("%s: parent's key %d, want %d", p, d.Parent, key))
	}
	if base := p[strings.LastIndexByte(p, '/')+1:]; base != string(d.Name) {
		f.broken = append(f.broken, fmt.Sprintf("%s is called %q", p, d.Name))
	}
	f.next++
	f.entered[p] = f.next
	return f.next, true, nil
}

func (f *found) entry(dirKey uint64, path, _ []byte, st *Stat) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := string(path)
	if _, ok := f.entries[p]; ok {
		f.broken = append(f.broken, "seen again: "+p)
	}
	if f.entered[parent(p)] != dirKey {
		f.broken = append(f.broken, p+": wrong directory key")
	}
	f.entries[p] = fmt.Sprint(st.Kind, " ", st.Size, " ", st.Ino, " ", st.Nlink)
}

func (f *found) fail(path []byte, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed[string(path)] = err
}

func parent(p string) string { return p[:max(strings.LastIndexByte(p, '/'), 0)] }

// walkAll walks with every callback.
func walkAll(t testing.TB, r *Root, from string, o WalkOptions) *found {
	t.Helper()
	f := newFound()
	o.Enter, o.Entry, o.Fail = f.enter, f.entry, f.fail
	if err := r.Walk(t.Context(), from, 7, o); err != nil {
		t.Fatal(err)
	}
	for _, b := range f.broken {
		t.Error(b)
	}
	return f
}

// reference is the same by the standard library.
func reference(t testing.TB, root, from string) (dirs []string, entries map[string]string) {
	t.Helper()
	entries = map[string]string{}
	top := filepath.Join(root, from)
	must(t, filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
		if d.IsDir() {
			dirs = append(dirs, rel)
		}
		if p == top {
			return nil
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		kind := KindOther
		switch {
		case fi.Mode().IsRegular():
			kind = KindFile
		case fi.IsDir():
			kind = KindDir
		case fi.Mode()&fs.ModeSymlink != 0:
			kind = KindSymlink
		}
		st := fi.Sys().(*syscall.Stat_t)
		entries[rel] = fmt.Sprint(kind, " ", fi.Size(), " ", st.Ino, " ", st.Nlink)
		return nil
	}))
	slices.Sort(dirs)
	return dirs, entries
}

func compare(t testing.TB, f *found, dirs []string, entries map[string]string) {
	t.Helper()
	if diff := cmp.Diff(dirs, slices.Sorted(maps.Keys(f.entered))); diff != "" {
		t.Error("directories (-want +got):", diff)
	}
	if diff := cmp.Diff(entries, f.entries); diff != "" {
		t.Error("entries (-want +got):", diff)
	}
	if len(f.failed) > 0 {
		t.Error("failed:", f.failed)
	}
}

func TestWalkAgainstWalkDir(t *testing.T) {
	for name, c := range map[string]calls{"newest": modern(), "oldest": {}} {
		t.Run(name, func(t *testing.T) {
			top := scratch(t)
			rapid.Check(t, func(rt *rapid.T) {
				dir, err := os.MkdirTemp(top, "")
				must(t, err)
				defer os.RemoveAll(dir)
				plant(rt, dir)
				r, err := openRoot(dir, c)
				must(t, err)
				defer r.Close()
				f := walkAll(t, r, "", WalkOptions{
					Stat: true, Workers: rapid.IntRange(1, 4).Draw(rt, "workers"),
					MaxOpen: rapid.IntRange(1, 20).Draw(rt, "open"),
				})
				dirs, entries := reference(t, dir, "")
				compare(t, f, dirs, entries)
				if t.Failed() {
					rt.Fatal(dir)
				}
			})
		})
	}
}

// plant makes a random tree.
func plant(rt *rapid.T, dir string) {
	name := rapid.SampledFrom([]string{
		"a", "b", "c", "...", " ", "\xff\xfe", "n\nl", strings.Repeat("l", 255),
	})
	for range rapid.IntRange(0, 25).Draw(rt, "entries") {
		p := dir + "/" + strings.Join(rapid.SliceOfN(name, 1, 8).Draw(rt, "path"), "/")
		os.MkdirAll(filepath.Dir(p), 0o755)
		switch rapid.IntRange(0, 4).Draw(rt, "kind") {
		case 0:
			os.Mkdir(p, 0o755)
		case 1:
			// Later paths may lead through it, so it must not lead to where anything can be made.
			os.Symlink(rapid.SampledFrom([]string{".", "/proc", "a", "none"}).Draw(rt, "to"), p)
		case 2:
			syscall.Mkfifo(p, 0o644)
		case 3:
			os.Link(dir+"/a", p)
		default:
			if f, err := os.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644); err == nil {
				f.WriteString(p)
				f.Close()
			}
		}
	}
}

func TestWalkFrom(t *testing.T) {
	eachCalls(t, func(t *testing.T, c calls) {
		dir := t.TempDir()
		populate(t, dir, "a/b/c/f", "a/b/g", "a/h", "file", "x/")
		must(t, os.Symlink("a", dir+"/link"))
		r := pin(t, dir, c)
		dirs, entries := reference(t, dir, "a/b")
		compare(t, walkAll(t, r, "a/b", WalkOptions{Stat: true}), dirs, entries)
		for _, from := range []string{"none", "file", "link", "link/b", "file/x", "none/x"} {
			f := walkAll(t, r, from, WalkOptions{})
			if len(f.entered)+len(f.entries)+len(f.failed) > 0 {
				t.Errorf("from %q: %v", from, f)
			}
		}
		for _, from := range []string{"..", "/", "a/../x", "a/"} {
			if err := r.Walk(t.Context(), from, 0, WalkOptions{}); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("from %q: %v", from, err)
			}
		}
	})
}

func TestWalkMounts(t *testing.T) {
	eachCalls(t, func(t *testing.T, c calls) {
		dir := t.TempDir()
		populate(t, dir, "a/tmpfs/hidden/", "a/bind/hidden/", "a/plain/f", "from/x/")
		mount(t, "tmpfs", dir+"/a/tmpfs", "tmpfs", 0)
		populate(t, dir, "a/tmpfs/in/")
		mount(t, dir+"/from", dir+"/a/bind", "", syscall.MS_BIND)
		r := pin(t, dir, c)
		f := walkAll(t, r, "", WalkOptions{Stat: true})
		dirs := []string{"", "a", "a/plain", "from", "from/x"}
		if diff := cmp.Diff(dirs, slices.Sorted(maps.Keys(f.entered))); diff != "" {
			t.Error(diff)
		}
		for _, m := range []string{"a/tmpfs", "a/bind"} {
			if !strings.HasPrefix(f.entries[m], KindMount.String()) {
				t.Errorf("%s is a %s", m, f.entries[m])
			}
		}
		if f = walkAll(t, r, "a/tmpfs", WalkOptions{}); len(f.entered) > 0 {
			t.Errorf("from a mount point: %v", f.entered)
		}
		dirs, entries := reference(t, dir, "")
		compare(t, walkAll(t, r, "", WalkOptions{Stat: true, CrossMounts: true}), dirs, entries)
	})
}

func TestWalkSkip(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "keep/a.o", "keep/a.c", "skip/in/f", "keep/skip", "keep/sub/skip/f")
	r := pin(t, dir, modern())
	var mu sync.Mutex
	asked := map[string]bool{}
	f := walkAll(t, r, "", WalkOptions{Skip: func(path []byte, isDir bool) bool {
		mu.Lock()
		defer mu.Unlock()
		asked[string(path)] = isDir
		return isDir && filepath.Base(string(path)) == "skip" || strings.HasSuffix(string(path), ".o")
	}})
	if diff := cmp.Diff(map[string]bool{
		"keep": true, "keep/a.o": false, "keep/a.c": false, "skip": true, "keep/skip": false,
		"keep/sub": true, "keep/sub/skip": true,
	}, asked); diff != "" {
		t.Error("asked:", diff)
	}
	if diff := cmp.Diff([]string{"keep", "keep/a.c", "keep/skip", "keep/sub"},
		slices.Sorted(maps.Keys(f.entries))); diff != "" {
		t.Error("entries:", diff)
	}
	if diff := cmp.Diff([]string{"", "keep", "keep/sub"}, slices.Sorted(maps.Keys(f.entered))); diff != "" {
		t.Error("entered:", diff)
	}
}

// A filesystem that does not keep types in its directories says DT_UNKNOWN for each entry.
func TestWalkUnknownTypes(t *testing.T) {
	dir := loopMount(t, 8, "mkfs.ext4", "-q", "-O", "^filetype")
	populate(t, dir, "a/b/f", "c")
	must(t, os.Symlink("a", dir+"/link"))
	var sawDir atomic.Bool
	f := walkAll(t, pin(t, dir, modern()), "", WalkOptions{Skip: func(path []byte, isDir bool) bool {
		if string(path) == "a" && isDir {
			sawDir.Store(true)
		}
		return string(path) == "lost+found"
	}})
	if !sawDir.Load() {
		t.Error("Skip was not told that a is a directory")
	}
	if diff := cmp.Diff([]string{"", "a", "a/b"}, slices.Sorted(maps.Keys(f.entered))); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(f.entries["link"], KindSymlink.String()) {
		t.Errorf("link is a %s", f.entries["link"])
	}
}

func TestWalkStampIsTakenBeforeTheOpen(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "a/b/c/", "d/")
	var clock atomic.Uint32
	var bad atomic.Bool
	err := pin(t, dir, modern()).Walk(t.Context(), "", 0, WalkOptions{
		Workers: 1,
		Stamp: func() uint32 {
			for _, to := range descriptors() {
				if strings.HasSuffix(to, "/d") {
					bad.Store(true)
				}
			}
			return clock.Add(1)
		},
		Enter: func(d *Dir) (uint64, bool, error) {
			if d.Stamp != clock.Load() {
				bad.Store(true)
			}
			return 0, true, nil
		},
	})
	if err != nil || bad.Load() || clock.Load() != 5 {
		t.Errorf("%v, %d stamps", err, clock.Load())
	}
}

func TestWalkEnds(t *testing.T) {
	dir := t.TempDir()
	for i := range 30 {
		populate(t, dir, fmt.Sprintf("d%d/e/f/g", i))
	}
	r := pin(t, dir, modern())
	cause := errors.New("cause")
	ctx, cancel := context.WithCancel(t.Context())
	for name, test := range map[string]struct {
		ctx  context.Context
		err  func() error
		want error
	}{
		"by ErrStop":     {t.Context(), func() error { return ErrStop }, nil},
		"by an error":    {t.Context(), func() error { return cause }, cause},
		"by the context": {ctx, func() error { cancel(); return nil }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			err := r.Walk(test.ctx, "", 0, WalkOptions{Enter: func(*Dir) (uint64, bool, error) {
				if n.Add(1) == 10 {
					return 0, true, test.err()
				}
				return 0, true, nil
			}})
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if n.Load() > 60 {
				t.Errorf("%d directories entered", n.Load())
			}
		})
	}
}

func TestWalkDoesNotDescend(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "a/b/c/", "d/e/")
	var mu sync.Mutex
	var got []string
	err := pin(t, dir, modern()).Walk(t.Context(), "", 0, WalkOptions{
		Enter: func(d *Dir) (uint64, bool, error) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, string(d.Path))
			return 0, string(d.Name) != "a", nil
		},
	})
	slices.Sort(got)
	if diff := cmp.Diff([]string{"", "a", "d", "d/e"}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestWalkDenied(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "open/f", "closed/d/", "noread/d/")
	must(t, os.Chmod(dir+"/..", 0o755))
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Chmod(dir+"/closed", 0))
	must(t, os.Chmod(dir+"/noread", 0o111))
	t.Cleanup(func() { os.Chmod(dir+"/closed", 0o755) })
	r := pin(t, dir, modern())
	asNobody(t, func() { // one worker: the calling thread is all there is
		f := walkAll(t, r, "", WalkOptions{Workers: 1})
		if diff := cmp.Diff([]string{"", "open"}, slices.Sorted(maps.Keys(f.entered))); diff != "" {
			t.Error(diff)
		}
		for _, p := range []string{"closed", "noread"} {
			if !errors.Is(f.failed[p], fs.ErrPermission) {
				t.Errorf("%s: %v", p, f.failed[p])
			}
		}
		if err := r.Walk(t.Context(), "", 0, WalkOptions{Workers: 1}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("without Fail: %v", err)
		}
		f = walkAll(t, r, "closed", WalkOptions{Workers: 1})
		if !errors.Is(f.failed["closed"], fs.ErrPermission) {
			t.Errorf("from it: %v", f.failed)
		}
	})
}

// What vanishes or becomes something else while it waits for its turn is no failure.
func TestWalkWhileChanging(t *testing.T) {
	dir := t.TempDir()
	for i := range 200 {
		populate(t, dir, fmt.Sprintf("d%03d/e/f", i))
	}
	r := pin(t, dir, modern())
	f := newFound()
	var once sync.Once
	err := r.Walk(t.Context(), "", 0, WalkOptions{
		Fail: f.fail,
		Enter: func(d *Dir) (uint64, bool, error) {
			if len(d.Path) == 0 {
				return 0, true, nil
			}
			once.Do(func() {
				for i := range 200 {
					p := fmt.Sprintf("%s/d%03d", dir, i)
					if fmt.Sprintf("d%03d", i) == string(d.Path) {
						continue
					}
					must(t, os.RemoveAll(p))
					switch i % 3 {
					case 0:
						must(t, os.WriteFile(p, nil, 0o644))
					case 1:
						must(t, os.Symlink("/", p))
					}
				}
			})
			return 0, true, nil
		},
	})
	if err != nil || len(f.failed) > 0 {
		t.Error(err, f.failed)
	}
}
