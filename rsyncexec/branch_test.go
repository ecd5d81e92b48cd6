package rsyncexec

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

// receiver is a target whose rsync lacks something.
type receiver struct {
	name   string
	branch Branch
	make   func(t *testing.T) (o Options, dir string)
}

// refusing is a receiver behind a remote shell that does not know the options.
func refusing(options ...string) func(t *testing.T) (Options, string) {
	return func(t *testing.T) (Options, string) {
		dir := t.TempDir()
		return Options{
			Dest: "localhost:" + dir, RSH: rsynctest.RSH(t),
			Args: []string{"--rsync-path=" + rsynctest.Refusing(t, "", options...)},
		}, dir
	}
}

func receivers() []receiver {
	return []receiver{
		{"understands all", BranchA, refusing()},
		{"3.2.7 daemon", BranchAB, func(t *testing.T) (Options, string) {
			d := rsynctest.Daemon(t, rsynctest.Options{Program: rsynctest.OldRsync(t)})
			return Options{Dest: d.URL("m")}, d.Path("m")
		}},
		{"3.2.7 over a shell", BranchAB, func(t *testing.T) (Options, string) {
			dir := t.TempDir()
			return Options{
				Dest: "localhost:" + dir, RSH: rsynctest.RSH(t),
				Args: []string{"--rsync-path=" + rsynctest.OldRsync(t)},
			}, dir
		}},
		{"no dma", BranchAB, refusing("--delete-missing-args")},
		{"no dma, daemon refuses it", BranchAB, func(t *testing.T) (Options, string) {
			d := rsynctest.Daemon(t, rsynctest.Options{Modules: []rsynctest.Module{{
				Params: []string{"refuse options = delete-missing-args"},
			}}})
			return Options{Dest: d.URL("m")}, d.Path("m")
		}},
		{"no nanoseconds", BranchAI, refusing("-@-1")},
		{"neither", BranchNX, refusing("-@-1", "--delete-missing-args")},
	}
}

func TestProbeTellsReceiversApart(t *testing.T) {
	for _, rc := range receivers() {
		t.Run(rc.name, func(t *testing.T) {
			t.Parallel()
			o, dst := rc.make(t)
			var log bytes.Buffer
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			r := NewRunner(o)
			for range 2 {
				q, err := r.Probe(t.Context())
				must(t, err)
				if q.Branch != rc.branch {
					t.Fatalf("form %v, want %v: %s", q.Branch, rc.branch, q.Words())
				}
				r.Forget()
			}
			want := 1
			if rc.branch == BranchA {
				want = 0
			}
			if got := strings.Count(log.String(), "\n"); got != want {
				t.Errorf("logged %d lines, want %d:\n%s", got, want, &log)
			}
			if entries, _ := os.ReadDir(dst); len(entries) != 0 {
				t.Errorf("probes left %v on the target", entries)
			}
		})
	}
}

// Every form makes the target right: updates in the same second, deletions, listings, trees.
func TestEveryFormMakesTheTargetRight(t *testing.T) {
	for _, rc := range receivers() {
		t.Run(rc.name, func(t *testing.T) {
			t.Parallel()
			o, dst := rc.make(t)
			r, src := NewRunner(o), t.TempDir()
			root := openRoot(t, src)
			old := time.Unix(1e9, 1)
			write := func(path, content string) {
				tree(t, src, path+"="+content)
				old = old.Add(time.Nanosecond)
				must(t, os.Chtimes(filepath.Join(src, path), old, old))
			}
			for _, p := range []string{"a/f", "a/g", "l/one", "l/two", "t/x/deep", "q"} {
				write(p, "AAAA")
			}
			tree(t, src, "gone/a/b", "a/gonefile", "a/[w]*?\\x", "a/[w]*?\\d/below", "l/gone/x", "t/x/gone")
			tree(t, dst, "a/other", "foreign/x")
			run(t, r, Invocation{RootFD: root, Items: []Item{{}}, Recursive: true})

			for _, p := range []string{"a/f", "l/one", "t/x/deep", "q"} {
				write(p, "BBBB")
			}
			gone := []string{"gone", "a/gonefile", "a/[w]*?\\x", "a/[w]*?\\d"}
			for _, p := range append(gone, "l/gone", "t/x/gone") {
				must(t, os.RemoveAll(filepath.Join(src, p)))
			}
			items := []Item{{Path: "a/f"}}
			for _, p := range gone {
				items = append(items, Item{Path: p, Missing: true})
			}
			all := Invocation{RootFD: root, Delete: DeleteBudget, MaxDelete: -1}
			content, quick, subtree := all, all, all
			content.Items, content.Compare = items, Content
			quick.Items = []Item{{Path: "q"}, {Path: "l", Level: true, Dir: true}}
			subtree.Items, subtree.Recursive = []Item{{Path: "t", Dir: true}}, true
			for _, inv := range []Invocation{content, quick, subtree} {
				res := run(t, r, inv)
				if res.DeletedCount == 0 && len(inv.Items) != 2 {
					t.Errorf("nothing deleted: %+v", res)
				}
			}
			// What is not ours is still there, and nothing else is different.
			for _, p := range []string{"a/other", "foreign/x"} {
				if !exists(filepath.Join(dst, p)) {
					t.Errorf("%s went too", p)
				}
				must(t, os.Remove(filepath.Join(dst, p)))
			}
			must(t, os.Remove(filepath.Join(dst, "foreign")))
			sameContent(t, src, dst)
		})
	}
}

// sameContent compares without times and links: some receivers can't store all of them.
func sameContent(t *testing.T, src, dst string) {
	t.Helper()
	strip := func(m map[string]string) map[string]string {
		for name, v := range m {
			f := strings.Fields(v)
			m[name] = f[0] + " " + strings.Join(f[3:], " ")
		}
		return m
	}
	a, b := strip(rsynctest.Tree(t, src)), strip(rsynctest.Tree(t, dst))
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s: source %q, target %q", name, a[name], b[name])
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%s is only on the target", name)
		}
	}
}

// With a budget below the need, on a receiver where deletions take a run of their own.
func TestBudgetHoldsInEveryForm(t *testing.T) {
	tested := map[Branch]bool{}
	for _, rc := range receivers() {
		if tested[rc.branch] {
			continue
		}
		tested[rc.branch] = true
		t.Run(rc.name, func(t *testing.T) {
			t.Parallel()
			o, dst := rc.make(t)
			src, r := t.TempDir(), NewRunner(o)
			tree(t, src, "new")
			tree(t, dst, "d/1", "d/2", "d/3", "innocent")
			must(t, os.Mkdir(filepath.Join(src, "d"), 0o755))
			inv := Invocation{
				RootFD: openRoot(t, src), Delete: DeleteBudget, MaxDelete: 0,
				Items: []Item{
					{Path: "new"},
					{Path: "d/1", Missing: true},
					{Path: "d/2", Missing: true},
					{Path: "d/3", Missing: true},
				},
			}
			res := run(t, r, inv)
			if !res.Stopped || res.LeftDeletions != 3 || res.DeletedCount != 0 ||
				!exists(filepath.Join(dst, "new")) {
				t.Errorf("budget 0: %+v", res)
			}
			inv.MaxDelete = 1
			res = run(t, r, inv)
			if !res.Stopped || res.LeftDeletions != 2 || res.DeletedCount != 1 {
				t.Errorf("budget 1: %+v", res)
			}
			inv.MaxDelete = -1
			res = run(t, r, inv)
			if res.Stopped || res.DeletedCount != 2 || !exists(filepath.Join(dst, "innocent")) {
				t.Errorf("no budget: %+v", res)
			}
		})
	}
}

// What lies in the directories that a probe names must not decide, nor go.
func TestProbeIsIndifferentToTheTarget(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	names, err := os.ReadDir("/")
	must(t, err)
	for _, n := range names {
		tree(t, dst, n.Name()+"/in")
	}
	tree(t, src, "f")
	for _, options := range [][]string{nil, {"--delete-missing-args"}} {
		o, _ := refusing(options...)(t)
		o.Dest, o.Args = "localhost:"+dst, append(o.Args, "-av")
		if _, err := NewRunner(o).Probe(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, n := range names {
		if !exists(filepath.Join(dst, n.Name(), "in")) {
			t.Errorf("%s went", n.Name())
		}
	}
}

func TestProbeNamesRealFaults(t *testing.T) {
	module := func(params ...string) Options {
		d := rsynctest.Daemon(t, rsynctest.Options{Modules: []rsynctest.Module{{Params: params}}})
		return Options{Dest: d.URL("m")}
	}
	down := rsynctest.Daemon(t, rsynctest.Options{})
	down.Stop()
	auth := rsynctest.Daemon(t, rsynctest.Options{Users: map[string]string{"u": "right"}})
	password := filepath.Join(t.TempDir(), "p")
	must(t, os.WriteFile(password, []byte("wrong\n"), 0o600))
	for _, tt := range []struct {
		name  string
		o     Options
		class Class
		says  string
	}{
		{"read only", module("read only = yes"), Refused, "read only"},
		{"refuses delete", module("refuse options = delete"), Refused, "refuses deletions"},
		{"refuses delete by pattern", module("refuse options = delete*"), Refused, "refuses deletions"},
		{"down", Options{Dest: down.URL("m")}, Unreachable, "Connection refused"},
		{"no module", Options{Dest: down.URL("m")[:len(down.URL("m"))-2] + "nope/"}, Unreachable, ""},
		{"unknown module", Options{Dest: auth.URL("nope")}, Config, "Unknown module"},
		{"wrong password", Options{Dest: auth.UserURL("u", "m"), PasswordFile: password}, Auth, "auth failed"},
		{"no rsync here", Options{Dest: t.TempDir(), Program: "/nonexistent/rsync"}, Config, "install rsync"},
		{"not rsync", Options{Dest: t.TempDir(), Program: "/bin/true"}, Config, "not an rsync"},
		{"no rsync there", Options{
			Dest: "localhost:/tmp", RSH: rsynctest.RSH(t),
			Args: []string{"--rsync-path=/nonexistent/rsync"},
		}, Config, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewRunner(tt.o).Probe(t.Context())
			var e *Error
			if !errors.As(err, &e) || e.Class != tt.class || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("err = %v (%+v), want %v", err, e, tt.class)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestMaxConnections(t *testing.T) {
	d := rsynctest.Daemon(t, rsynctest.Options{MaxConnections: 1})
	r, src := NewRunner(Options{Dest: d.URL("m")}), t.TempDir()
	tree(t, src, "f")
	// The daemon counts a connection until its process is gone: the probe's may still be.
	holds := func() bool {
		w, err := r.Warm(t.Context(), WarmOptions{RootFD: openRoot(t, src)})
		must(t, err)
		t.Cleanup(w.Close)
		eventually(t, "the warm run is connected or refused", func() bool { return w.gone() || readsStdin(w) })
		return !w.gone()
	}
	eventually(t, "a warm run holds the only place", holds)
	_, err := r.Run(t.Context(), Invocation{RootFD: openRoot(t, src), Items: []Item{{Path: "f"}}})
	var e *Error
	if !errors.As(err, &e) || e.Class != MaxConnections {
		t.Errorf("err = %v", err)
	}
}
