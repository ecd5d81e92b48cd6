package resolve

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sersync/sersync/engine/task"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		name string
		tree string
		o    Options
		want string
	}{
		{
			name: "too many files", o: Options{MaxFiles: 5},
			tree: "file a/1; file a/2; file b/1; file b/2; file c",
			want: `back quick listing .
				back tree subtree a
				back tree subtree b
				paid 0`,
		},
		{
			name: "too many bytes", o: Options{MaxBytes: 100},
			tree: "file a/1 60; file b/1 60",
			want: `back quick listing .
				back tree subtree a
				back tree subtree b
				paid 0`,
		},
		{
			name: "too flat to split", o: Options{MaxFiles: 2},
			tree: "file 1; file 2; file 3; file 4",
			want: "tree .\n paid 1",
		},
		{
			name: "fits", o: Options{MaxFiles: 5}, tree: "file a/1; file b/1; file c",
			want: "tree .\n paid 1",
		},
		{
			name: "excluded directories are not looked into", tree: "file a/1; file tmp/1; file tmp/2; file b/1",
			o:    Options{MaxFiles: 3, Filter: exclude{"tmp"}},
			want: "back quick listing .\n back tree subtree a\n back tree subtree b\n paid 0",
		},
		{
			name: "the replica of a filesystem that is not mounted stays", tree: "file a/m/x; file a/f; file b/f",
			o: Options{CrossMounts: true, AbsentMounts: func() []string { return []string{"a/m"} }},
			want: `back quick listing .
				back tree subtree a
				back tree subtree b
				paid 0`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, tt.o)
			g.do(tt.tree)
			var o owe
			plan := g.resolve(task.KindTree, o.debt("", task.Subtree, 0))
			if got, want := show(plan), lines(tt.want); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// resolveAll resolves until nothing comes back ready, and returns all that was listed and all that
// waits.
func (g *rig) resolveAll(debts ...task.Debt) (listed, waits []string) {
	g.t.Helper()
	for round := 0; len(debts) > 0; round++ {
		if round > 100 {
			g.t.Fatalf("no end: %v", debts)
		}
		kind := task.KindOf(debts[0])
		var now, later []task.Debt
		for _, d := range debts {
			if task.KindOf(d) == kind {
				now = append(now, d)
			} else {
				later = append(later, d)
			}
		}
		plan := g.resolve(kind, now...)
		for _, l := range strings.Split(show(plan), "\n") {
			if f := strings.Fields(l); f[0] != "back" && f[0] != "paid" && f[0] != "deletes" {
				listed = append(listed, l)
			}
		}
		for _, w := range plan.Back {
			if w.Reason == task.Ready {
				later = append(later, w.Debt)
			} else {
				waits = append(waits, fmt.Sprintf("%v %s %v", w.Scope, name(w.Path), w.Reason))
			}
		}
		debts = later
	}
	slices.Sort(listed)
	slices.Sort(waits)
	return listed, waits
}

func (g *rig) wantAll(d task.Debt, listed, waits string) {
	g.t.Helper()
	gotListed, gotWaits := g.resolveAll(d)
	if got := strings.Join(gotListed, "\n"); got != lines(listed) {
		g.t.Errorf("listed:\n%s\nwant:\n%s", got, lines(listed))
	}
	if got := strings.Join(gotWaits, "\n"); got != lines(waits) {
		g.t.Errorf("waits:\n%s\nwant:\n%s", got, lines(waits))
	}
}

// exclude is a Filter by the last component.
type exclude []string

func (e exclude) Excluded(path []byte, _ bool) bool {
	return slices.Contains(e, string(path[strings.LastIndexByte(string(path), '/')+1:]))
}

func (e exclude) ExcludedTree(path string, _ bool) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool {
		return slices.Contains(e, s)
	})
}

func TestFilter(t *testing.T) {
	g := newRig(t, Options{Filter: exclude{"tmp"}})
	g.do("file a/tmp; file a/f; dir tmp/d")
	var o owe
	plan := g.resolve(task.KindContent,
		o.debt("a/f", task.Entry, content),
		o.debt("a/tmp", task.Entry, content),
		o.debt("b/tmp", task.Entry, content|left), // rsync would delete it on the target
		o.debt("tmp/d/f", task.Entry, content|left),
	)
	if got, want := show(plan), "file a/f\npaid 1 dropped 3"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// dirOnly is a Filter with the rule "cache/".
type dirOnly struct{}

func (dirOnly) Excluded(path []byte, isDir bool) bool {
	return dirOnly{}.ExcludedTree(string(path), isDir)
}

func (dirOnly) ExcludedTree(path string, isDir bool) bool {
	return isDir && filepath.Base(path) == "cache"
}

// What the rule excludes is on the target somebody else's directory.
func TestFilterOfDirectoriesProtectsMissingNames(t *testing.T) {
	g := newRig(t, Options{Filter: dirOnly{}})
	var o owe
	for what, want := range map[task.What]string{
		attr | left | wasDir: "paid 0 dropped 1",
		attr:                 "paid 0 dropped 1",
		attr | left:          "missing cache\ndeletes 1\npaid 1",
	} {
		if got := show(g.resolve(task.KindQuick, o.debt("cache", task.Entry, what))); got != want {
			t.Errorf("%#b: got\n%s\nwant\n%s", what, got, want)
		}
	}
}

func TestAbsentMount(t *testing.T) {
	tests := []struct {
		name string
		tree string
		debt owed
		want []string // listed, waits
	}{
		{
			"a subtree above goes without it", "dir a/m; file a/f; file a/d/f; file b/f",
			owed{"", task.Subtree, 0},
			[]string{"level .\nlevel a\ntree a/d\ntree b", "subtree a/m paused"},
		},
		{
			"the mount point is gone too", "file a/f",
			owed{"a", task.Listing, 0},
			[]string{"", "listing a paused"},
		},
		{
			"a directory above is gone", "",
			owed{"a", task.Entry, attr | left | wasDir},
			[]string{"", "entry a paused"},
		},
		{
			"something in it", "file a/m/f",
			owed{"a/m/f", task.Entry, content},
			[]string{"", "entry a/m/f paused"},
		},
		{
			"a neighbour", "file a/f",
			owed{"a/f", task.Entry, content},
			[]string{"file a/f", ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, Options{
				CrossMounts: true, AbsentMounts: func() []string { return []string{"a/m"} },
			})
			g.do(tt.tree)
			var o owe
			g.t = t
			g.wantAll(o.debt(tt.debt.path, tt.debt.scope, tt.debt.what), tt.want[0], tt.want[1])
		})
	}
}

// unprivileged runs the rest of the test as somebody whom the kernel refuses things.
func unprivileged(t *testing.T) bool {
	t.Helper()
	if os.Getuid() != 0 {
		return true
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Args[0] = os.Args[0]
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = os.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("as nobody: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("as nobody the test did not run:\n%s", out)
	}
	return false
}

// One unreadable directory stops all deletions of its run, so it stands alone.
func TestUnreadableDirectory(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	g := newRig(t, Options{})
	g.do("file a/b/secret/f; file a/b/c/f; file a/d/f; file e/f")
	secret := filepath.Join(g.dir, "a/b/secret")
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(secret, 0o755) })
	var o owe
	g.wantAll(o.debt("", task.Subtree, 0), `
		level .
		level a
		level a/b
		tree a/b/c
		tree a/d
		tree e`, "subtree a/b/secret failed")
	g.wantAll(o.debt("a/b/secret", task.Listing, 0), "", "listing a/b/secret failed")
	g.wantAll(o.debt("a/b/secret/f", task.Entry, content), "", "entry a/b/secret/f failed")
}

func TestMountPoint(t *testing.T) {
	g := newRig(t, Options{})
	g.do("file m/hidden; file f")
	m := filepath.Join(g.dir, "m")
	if err := syscall.Mount("none", m, "tmpfs", 0, ""); err != nil {
		if os.Getuid() == 0 && !errors.Is(err, syscall.EPERM) {
			t.Fatal(err)
		}
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(m, 0); err != nil {
			t.Error(err)
		}
	})
	g.do("file m/new")
	var o owe
	// What is mounted is not ours, what it hides stays on the target.
	g.wantAll(o.debt("m/new", task.Entry, content), "", "")
	g.wantAll(o.debt("m/hidden", task.Entry, content|left), "", "")
	g.wantAll(o.debt("m", task.Subtree, 0), "dir m", "")
	g.wantAll(o.debt("m", task.Listing, content), "dir m", "")

	crossing := &rig{t: t, dir: g.dir, root: g.root, r: New(Options{Root: g.root, CrossMounts: true})}
	crossing.wantAll(o.debt("m/new", task.Entry, content), "file m/new", "")
	crossing.wantAll(o.debt("m", task.Subtree, 0), "tree m", "")
}

func TestCrowd(t *testing.T) {
	build := func(t *testing.T, o Options, have int) (*rig, []task.Debt) {
		g := newRig(t, o)
		for i := range have {
			g.do(fmt.Sprintf("file d/%04d", i))
		}
		var w owe
		var debts []task.Debt
		for i := range 120 { // the last 20 are gone
			what := attr
			if i >= 100 {
				g.do(fmt.Sprintf("rm d/%04d", i))
				what |= left
			}
			debts = append(debts, w.debt(fmt.Sprintf("d/%04d", i), task.Entry, what))
		}
		return g, append(debts, w.debt("e", task.Entry, attr|left))
	}
	yes := func() bool { return true }
	tests := []struct {
		name string
		o    Options
		have int
		want int // items
	}{
		{"many of few", Options{MayList: yes}, 800, 2},
		{"many of very many", Options{MayList: yes}, 1000, 121},
		{"a mode that does not delete what nobody saw leaving", Options{}, 800, 121},
		{"a large file in it", Options{MayList: yes, LargeFile: 2}, 800, 121},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, debts := build(t, tt.o, tt.have)
			if tt.o.LargeFile > 0 {
				g.do("file d/0500 3")
			}
			plan := g.resolve(task.KindQuick, debts...)
			if len(plan.Items) != tt.want || len(plan.Paid) != 121 || plan.Deletes != 21 {
				t.Errorf("%d items, %d paid, %d deletes; want %d, 121, 21",
					len(plan.Items), len(plan.Paid), plan.Deletes, tt.want)
			}
			if level := plan.Items[0].Level; level != (tt.want == 2) {
				t.Errorf("first item: %+v", plan.Items[0])
			}
		})
	}
}
