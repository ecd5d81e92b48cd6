package rsyncexec

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

// oddNames are names that have broken such programs.
var oddNames = []string{
	"#hash", ";semi", " lead", "trail ", "-rf", "--delete", "new\nline", "cr\rx", "tab\tx",
	"\x1besc", "*", "?[a]", "q'uote", `dq"x`, `back\slash`, `\134`, `\#134`, `a\#012b`, "$HOME",
	"`id`", "%f%n", "a:b", "::m", "~", "\xff\xfe", "e\u0301", "é", "a -> b", "a => b",
}

func TestEveryKindOfChange(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options, dst string) {
		src := t.TempDir()
		root := openRoot(t, src)
		r := NewRunner(o)
		tree(t, src, "a/keep", "a/changed=1", "a/file2dir", "a/dir2file/x/y", "a/dir2link/z",
			"a/link->keep", "gone/deep/er", "gonefile", "moved/x=m", "level/one", "level/sub/two")
		run(t, r, Invocation{RootFD: root, Items: []Item{{}}, Recursive: true})
		equal(t, src, dst)

		tree(t, src, "a/changed=2", "a/new", "newdir/sub/f")
		for _, gone := range []string{
			"a/file2dir", "a/dir2file", "a/dir2link", "a/link", "gone", "gonefile", "level/one",
			"level/sub",
		} {
			must(t, os.RemoveAll(filepath.Join(src, gone)))
		}
		must(t, os.Rename(filepath.Join(src, "moved"), filepath.Join(src, "here")))
		tree(t, src, "a/file2dir/in", "a/dir2file", "a/dir2link->keep", "a/link=now a file",
			"level/three")
		must(t, os.Mkdir(filepath.Join(src, "odd"), 0o755))
		for _, name := range oddNames {
			must(t, os.WriteFile(filepath.Join(src, "odd", name), []byte("x"), 0o644))
		}
		items := []Item{
			{Path: "a/changed"},
			{Path: "a/new"},
			{Path: "a/file2dir/in"},
			{Path: "a/dir2file"},
			{Path: "a/dir2link"},
			{Path: "a/link"},
			{Path: "newdir/sub/f"},
			{Path: "here/x"},
			{Path: "gone", Missing: true},
			{Path: "gonefile", Missing: true},
			{Path: "moved", Missing: true},
			{Path: "level", Level: true, Dir: true},
			{Path: "level/one", Missing: true},
			{Path: "level/sub", Missing: true}, // compared by content, a level deletes nothing
			{Path: ""},
		}
		for _, name := range oddNames {
			items = append(items, Item{Path: "odd/" + name})
		}
		res := run(t, r, Invocation{
			RootFD: root, Items: items, Compare: Content, Delete: DeleteBudget, MaxDelete: -1,
		})
		equal(t, src, dst)
		for _, name := range oddNames {
			if !slices.Contains(res.Transferred, "odd/"+name) {
				t.Errorf("Transferred lacks %q", "odd/"+name)
			}
		}
		if !slices.Contains(res.Deleted, "gone/deep/er") || res.DeletedCount < 5 {
			t.Errorf("Deleted = %q", res.Deleted)
		}

		for _, name := range oddNames {
			must(t, os.Remove(filepath.Join(src, "odd", name)))
		}
		for i := range items {
			items[i] = Item{Path: items[i].Path, Missing: !exists(filepath.Join(src, items[i].Path))}
		}
		run(t, r, Invocation{RootFD: root, Items: items, Delete: DeleteBudget, MaxDelete: 100})
		run(t, r, Invocation{RootFD: root, Items: []Item{{}, {Path: "odd", Level: true}}})
		equal(t, src, dst)
	})
}

// The root's own attributes must not take its whole level along: rsync would.
func TestRootAloneTouchesNothingElse(t *testing.T) {
	nearby(t, func(t *testing.T, o Options, dst string) {
		src := t.TempDir()
		tree(t, src, "unsent", "f")
		tree(t, dst, "extra/x")
		old := time.Unix(1e9, 5)
		must(t, os.Chtimes(src, old, old))
		o.Filters = []string{"+ /unsent"}
		inv := Invocation{
			RootFD: openRoot(t, src), Items: []Item{{}, {Path: "f"}},
			Delete: DeleteBudget, MaxDelete: -1,
		}
		run(t, NewRunner(o), inv)
		if exists(filepath.Join(dst, "unsent")) || !exists(filepath.Join(dst, "extra/x")) {
			t.Error("listing the root for its attributes synchronised its whole level")
		}
		info, err := os.Stat(dst)
		must(t, err)
		if !info.ModTime().Equal(old) || !exists(filepath.Join(dst, "f")) {
			t.Errorf("the root's mtime is %v, want %v", info.ModTime(), old)
		}
	})
}

// A user's own -r must not turn exact paths into trees.
func TestUserRecursionDoesNotReachExactPaths(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	tree(t, src, "d/f")
	r := NewRunner(Options{Dest: dst, Args: []string{"-artuz", "--bwlimit=100m"}})
	run(t, r, Invocation{RootFD: openRoot(t, src), Items: []Item{{Path: "d", Dir: true}}})
	if !exists(filepath.Join(dst, "d")) || exists(filepath.Join(dst, "d/f")) {
		t.Error("listing a directory alone sent what is in it")
	}
}

// A second change of the same size within one second is invisible to rsync's default check.
func TestSameSizeSameSecond(t *testing.T) {
	nearby(t, func(t *testing.T, o Options, dst string) {
		src := t.TempDir()
		root, r := openRoot(t, src), NewRunner(o)
		inv := Invocation{RootFD: root, Items: []Item{{Path: "f"}}}
		for i, content := range []string{"AAAA", "BBBB"} {
			tree(t, src, "f="+content)
			at := time.Unix(1e9, int64(i))
			must(t, os.Chtimes(filepath.Join(src, "f"), at, at))
			run(t, r, inv)
		}
		got, err := os.ReadFile(filepath.Join(dst, "f"))
		must(t, err)
		if string(got) != "BBBB" {
			t.Errorf("the target holds %q", got)
		}
	})
}

// A store through a mapping, or a write while rsync reads, can leave size and mtime as they were.
func TestContentSeesWhatTimesDoNot(t *testing.T) {
	for _, tt := range []struct {
		compare Compare
		stale   bool
	}{{Quick, true}, {Content, false}, {Checksum, false}} {
		src, dst := t.TempDir(), t.TempDir()
		root, r := openRoot(t, src), NewRunner(Options{Dest: dst, HardLinks: true})
		at := time.Unix(1e9, 7)
		inv := Invocation{
			RootFD: root, Items: []Item{{Path: "f"}}, Compare: tt.compare,
			Delete: DeleteBudget, MaxDelete: -1,
		}
		for _, content := range []string{"AAAA", "BBBB"} {
			tree(t, src, "f="+content)
			must(t, os.Chtimes(filepath.Join(src, "f"), at, at))
			run(t, r, inv)
		}
		got, err := os.ReadFile(filepath.Join(dst, "f"))
		must(t, err)
		if stale := string(got) == "AAAA"; stale != tt.stale {
			t.Errorf("compare %d: stale is %v, want %v", tt.compare, stale, tt.stale)
		}
	}
}

func TestHardLinks(t *testing.T) {
	nearby(t, func(t *testing.T, o Options, dst string) {
		o.HardLinks = true
		src := t.TempDir()
		tree(t, src, "d/a")
		must(t, os.Link(filepath.Join(src, "d/a"), filepath.Join(src, "d/b")))
		run(t, NewRunner(o), Invocation{
			RootFD: openRoot(t, src), Items: []Item{{}, {Path: "d/a"}, {Path: "d/b"}}, Compare: Content,
		})
		equal(t, src, dst)
	})
}

func TestVerifySaysWhatIsDifferent(t *testing.T) {
	nearby(t, func(t *testing.T, o Options, dst string) {
		src := t.TempDir()
		root, r := openRoot(t, src), NewRunner(o)
		tree(t, src, "d/same", "d/diff=1", "d/new")
		inv := Invocation{
			RootFD: root, Items: []Item{{}, {Path: "d/same"}, {Path: "d/diff"}, {Path: "d/new"}},
			Compare: Content, Delete: DeleteBudget, MaxDelete: -1,
		}
		run(t, r, inv)
		if d, err := r.Verify(t.Context(), inv); err != nil || len(d.Paths) != 0 {
			t.Errorf("Verify of an equal target: %+v, %v", d, err)
		}
		tree(t, src, "d/diff=2")
		must(t, os.Remove(filepath.Join(dst, "d/new")))
		tree(t, dst, "d/extra")
		inv.Items = append(inv.Items[1:], Item{Path: "d/extra", Missing: true})
		d, err := r.Verify(t.Context(), inv)
		must(t, err)
		still := d.Paths
		for _, want := range []string{"d/diff", "d/new", "d/extra"} {
			if !slices.Contains(still, want) {
				t.Errorf("Verify = %q lacks %s", still, want)
			}
		}
		if slices.Contains(still, "d/same") || !exists(filepath.Join(dst, "d/extra")) {
			t.Errorf("Verify = %q, or it wrote", still)
		}
	})
}

func TestSourceIsThePinnedRootNotItsPath(t *testing.T) {
	base, dst := t.TempDir(), t.TempDir()
	src := filepath.Join(base, "src")
	tree(t, src, "f", "g")
	root, r := openRoot(t, src), NewRunner(Options{Dest: dst})
	inv := Invocation{
		RootFD: root, Items: []Item{{}}, Recursive: true, Delete: DeleteBudget, MaxDelete: -1,
	}
	run(t, r, inv)
	must(t, os.Rename(src, src+".old"))
	must(t, os.Mkdir(src, 0o755))
	run(t, r, inv)
	if !exists(filepath.Join(dst, "f")) {
		t.Error("a root that was moved away and re-created emptied the target")
	}
}

func TestSentIsToldOfEveryFile(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	tree(t, src, "a=12345", "d/b=123", "l->a")
	got := map[string]int64{}
	res := run(t, NewRunner(Options{Dest: dst}), Invocation{
		RootFD: openRoot(t, src), Items: []Item{{}}, Recursive: true,
		Sent: func(path []byte, size int64) { got[string(path)] = size },
	})
	if diff := cmp.Diff(map[string]int64{"a": 5, "d/b": 3}, got); diff != "" {
		t.Error(diff)
	}
	if res.Sent != 2 || res.Bytes != 8 || res.Changed < 4 || !slices.Equal(res.NewDirs, []string{"d"}) {
		t.Errorf("result = %+v", res)
	}
}

func TestMessageOfTheDayIsNoChange(t *testing.T) {
	motd := filepath.Join(t.TempDir(), "motd")
	must(t, os.WriteFile(motd, []byte(">f+++++++++ 5 trick\nwelcome\n"), 0o644))
	d := rsynctest.Daemon(t, rsynctest.Options{Params: []string{"motd file = " + motd}})
	src := t.TempDir()
	tree(t, src, "f")
	res := run(t, NewRunner(Options{Dest: d.URL("m")}), Invocation{
		RootFD: openRoot(t, src), Items: []Item{{Path: "f"}},
	})
	if !slices.Equal(res.Transferred, []string{"f"}) {
		t.Errorf("Transferred = %q", res.Transferred)
	}
}

func TestNothingToDo(t *testing.T) {
	r := NewRunner(Options{Dest: t.TempDir()})
	for name, items := range map[string][]Item{
		"no items": nil, "only what it may not delete": {{Path: "x", Missing: true}},
	} {
		if res, err := r.Run(t.Context(), Invocation{RootFD: openRoot(t, t.TempDir()), Items: items}); err != nil {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
}

func TestListsThatMeanSomethingElseAreRefused(t *testing.T) {
	r := NewRunner(Options{Dest: t.TempDir()})
	for _, path := range []string{"a\x00b", "/a", "a/", "a//b", "../a", "a/../b", ".."} {
		_, err := r.Run(t.Context(), Invocation{RootFD: 3, Items: []Item{{Path: path}}})
		if !errors.Is(err, ErrBadPath) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if _, err := r.Run(t.Context(), Invocation{}); !errors.Is(err, ErrNoRoot) {
		t.Errorf("no root: %v", err)
	}
	if _, err := NewRunner(Options{}).Run(t.Context(), Invocation{}); !errors.Is(err, ErrNoDest) {
		t.Errorf("no destination: %v", err)
	}
}

func TestCancelledBeforeStart(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("asked to stop")
	cancel(why)
	_, err := NewRunner(Options{Dest: t.TempDir()}).Run(ctx, Invocation{RootFD: 3, Items: []Item{{Path: "a"}}})
	var e *Error
	if !errors.As(err, &e) || e.Class != Killed || !errors.Is(err, why) {
		t.Errorf("err = %v", err)
	}
}
