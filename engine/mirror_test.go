package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

func TestEveryKindOfChangeReachesTheTarget(t *testing.T) {
	r := newRig(t)
	r.conf.Trees[0].Targets[0].HardLinks = true
	r.write("old/a", "a")
	r.write("old/deep/b", "b")
	r.write("keep", "k")
	r.start()
	r.identical()
	for _, c := range []struct {
		name   string
		change func() error
	}{
		{"create", func() error { r.write("new", "n"); return nil }},
		{"modify", func() error { r.write("new", "other"); return nil }},
		{"same size in the same second", func() error { r.write("new", "OTHER"); return nil }},
		{"truncate", func() error { return os.Truncate(r.path("new"), 1) }},
		{"chmod", func() error { return os.Chmod(r.path("new"), 0o600) }},
		{"directories and a file at once", func() error { r.write("p/q/r/s/f", "deep"); return nil }},
		{"chmod of a directory", func() error { return os.Chmod(r.path("p/q"), 0o700) }},
		{"symlink", func() error { return os.Symlink("nowhere", r.path("link")) }},
		{"hard link", func() error { return os.Link(r.path("keep"), r.path("keep2")) }},
		{"fifo", func() error { return syscall.Mkfifo(r.path("fifo"), 0o644) }},
		{"rename a file", func() error { return os.Rename(r.path("new"), r.path("old/moved")) }},
		{"rename a directory", func() error { return os.Rename(r.path("old"), r.path("p/was-old")) }},
		{"write in it", func() error { r.write("p/was-old/deep/c", "c"); return nil }},
		{"delete a file", func() error { return os.Remove(r.path("p/was-old/a")) }},
		{"delete a directory", func() error { return os.RemoveAll(r.path("p/q")) }},
		{"a file becomes a directory", func() error {
			must(t, os.Remove(r.path("keep")))
			r.write("keep/in", "x")
			return nil
		}},
		{"a directory becomes a file", func() error {
			must(t, os.RemoveAll(r.path("p")))
			r.write("p", "file")
			return nil
		}},
		{"a directory becomes a symlink", func() error {
			must(t, os.RemoveAll(r.path("keep")))
			return os.Symlink("p", r.path("keep"))
		}},
		{"a name like a shell command", func() error {
			r.write("$(touch PWNED)/`id`; rm -rf \"*\"\n#x", "odd")
			return nil
		}},
		{"a name that rsync's lists take for a comment", func() error {
			r.write("#comment", "1")
			r.write(";comment", "2")
			return nil
		}},
	} {
		must(t, c.change())
		t.Log(c.name)
		r.identical()
	}
}

func TestTargetsOtherThanADaemon(t *testing.T) {
	shell := rsynctest.SSHD(t)
	for name, target := range map[string]func(dir string) (dest string, o config.FlagOptions){
		"local": func(dir string) (string, config.FlagOptions) { return dir, config.FlagOptions{} },
		"ssh": func(dir string) (string, config.FlagOptions) {
			return shell.Dest(dir), config.FlagOptions{RSH: shell.RSH()}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			dir := t.TempDir()
			dest, o := target(dir)
			conf, err := config.FromFlags(r.src, []string{dest}, o)
			must(t, err)
			r.conf = conf
			r.write("a/b", "1")
			r.start()
			holds(t, filepath.Join(dir, "a/b"), "1")
			r.write("a/c", "2")
			holds(t, filepath.Join(dir, "a/c"), "2")
			r.write("a/c", "3")
			holds(t, filepath.Join(dir, "a/c"), "3")
			must(t, os.RemoveAll(r.path("a")))
			eventually(t, "the directory to be gone", func() string {
				if _, err := os.Lstat(filepath.Join(dir, "a")); err == nil {
					return "it is there"
				}
				return ""
			})
		})
	}
}

// A directory that is replaced within one batch must not keep the children of the old one.
func TestAReplacedDirectoryKeepsNoOldChildren(t *testing.T) {
	r := newRig(t)
	r.write("d/old", "1")
	r.write("d/sub/older", "2")
	r.start()
	r.identical()
	for i := range 5 {
		must(t, os.Rename(r.path("d"), r.path(fmt.Sprint("moved", i))))
		r.write("d/new", fmt.Sprint(i))
		r.identical()
	}
}

// What is written through one name of a file reaches the target under each, also with separate
// files there.
func TestAWriteThroughOneHardLinkReachesAllNames(t *testing.T) {
	for _, links := range []bool{false, true} {
		t.Run(fmt.Sprint("rsync -H ", links), func(t *testing.T) {
			r := newRig(t)
			r.conf.Trees[0].Targets[0].HardLinks = links
			r.write("a/one", "1")
			must(t, os.Mkdir(r.path("b"), 0o755))
			must(t, os.Link(r.path("a/one"), r.path("b/two")))
			r.start()
			r.holds("b/two", "1")
			f, err := os.OpenFile(r.path("a/one"), os.O_WRONLY, 0)
			must(t, err)
			_, err = f.WriteString("2")
			must(t, err)
			must(t, f.Close())
			r.holds("a/one", "2")
			r.holds("b/two", "2")
			if links {
				r.identical() // the picture of a tree includes who is linked to whom
			}
		})
	}
}

func TestAFileBeingWrittenWaitsForItsClose(t *testing.T) {
	r := newRig(t)
	r.start()
	r.settled() // a full pass takes files as they are
	f, err := os.Create(r.path("upload"))
	must(t, err)
	_, err = f.WriteString("half")
	must(t, err)
	r.settled()
	if r.has("upload") {
		if got, _ := os.ReadFile(filepath.Join(r.dst(), "upload")); len(got) > 0 {
			t.Errorf("half a file is on the target: %q", got)
		}
	}
	_, err = f.WriteString(" whole")
	must(t, err)
	must(t, f.Close())
	r.holds("upload", "half whole")
}

func TestWhatIsExcludedIsNeitherSentNorDeleted(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "sersync.yaml")
	r := newRig(t)
	must(t, os.WriteFile(conf, fmt.Appendf(nil, `
trees:
  - path: %s
    filter: ["- *.tmp", "- /cache/"]
    targets:
      - to: %s
`, r.src, r.server.URL("m")), 0o644))
	var err error
	r.conf, err = config.Load(conf)
	must(t, err)
	r.write("a.tmp", "x")
	r.write("cache/c", "x")
	r.write("d/kept", "k")
	r.writeTarget("theirs.tmp", "t")
	r.writeTarget("d/theirs.tmp", "t")
	r.start(func(o *engine.Options) { o.ForceDelete = true })
	r.holds("d/kept", "k")
	r.write("b.tmp", "x")
	r.write("cache/d", "x")
	must(t, os.RemoveAll(r.path("d")))
	r.lacks("d/kept")
	r.settled()
	for _, name := range []string{"a.tmp", "b.tmp", "cache"} {
		if r.has(name) {
			t.Errorf("%s is excluded and on the target", name)
		}
	}
	for _, name := range []string{"theirs.tmp", "d/theirs.tmp"} {
		if !r.has(name) {
			t.Errorf("%s is excluded and was deleted on the target", name)
		}
	}
}

func TestADeadTargetDelaysNoOtherAndCatchesUp(t *testing.T) {
	r := newRig(t)
	dead := rsynctest.Daemon(t, rsynctest.Options{Modules: []rsynctest.Module{{Name: "m"}}})
	r.conf = r.flags(r.src, r.server.URL("m"), dead.URL("m"))
	r.write("first", "1")
	r.start()
	r.identical()
	holds(t, filepath.Join(dead.Path("m"), "first"), "1")
	dead.Stop()
	for i := range 20 {
		r.write(fmt.Sprint("f", i), "while it is down")
	}
	must(t, os.Remove(r.path("first")))
	r.identical()
	r.says("target is down")
	if n := r.log.count("level=WARN"); n > 1 {
		t.Errorf("%d warnings about one dead target, want one", n)
	}
	dead.Start()
	eventually(t, "the other target to catch up", func() string {
		a, b := rsynctest.Tree(t, r.src), rsynctest.Tree(t, dead.Path("m"))
		for name := range a {
			if a[name] != b[name] {
				return name
			}
		}
		if len(a) != len(b) {
			return "names too many"
		}
		return ""
	})
}

func TestWhatIsOwedAtTheEndIsStillSent(t *testing.T) {
	r := newRig(t)
	// As long as the test waits for anything: how fast the machine is does not matter here.
	r.start(func(o *engine.Options) { o.DrainTimeout = patience })
	r.settled()
	for i := range 500 {
		r.write(fmt.Sprintf("d%d/f%d", i%10, i), strings.Repeat("x", i))
	}
	r.stop()
	r.identical()
}

// A new daemon waits for the end of the old one, and has the same lock then.
func TestASecondStartWaitsForTheFirst(t *testing.T) {
	r := newRig(t)
	r.start()
	r.settled()
	second := *r
	second.log = &logBuffer{}
	started := make(chan struct{})
	go func() {
		defer close(started)
		second.start()
	}()
	second.says("waiting for the end")
	select {
	case <-started:
		t.Error("the second one started beside the first")
	default:
	}
	r.stop()
	<-started
	r.write("after", "x")
	r.holds("after", "x")
	second.stop()
}
