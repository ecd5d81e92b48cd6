package engine_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/task"
)

// gate stands in rsync's place: between the look of the mirror and the start of a run it lets the
// tree change.
type gate struct {
	mu   sync.Mutex
	hook func(args string) (done bool)
}

// newGate puts the gate into PATH. Runs are not kept warm, so that each passes it after the look.
func newGate(r *rig) *gate {
	r.t.Helper()
	rsync, err := exec.LookPath("rsync")
	must(r.t, err)
	bash, err := exec.LookPath("bash")
	must(r.t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(r.t, err)
	g := &gate{}
	served := make(chan struct{})
	go func() {
		defer close(served)
		g.serve(listener)
	}()
	r.t.Cleanup(func() { listener.Close(); <-served })
	bin := r.t.TempDir()
	script := fmt.Sprintf("#!%s\nexec 9<>/dev/tcp/127.0.0.1/%d\necho \"${*//$'\\n'/ }\" >&9\nread <&9\nexec 9>&-\nexec %s \"$@\"\n",
		bash, listener.Addr().(*net.TCPAddr).Port, rsync)
	must(r.t, os.WriteFile(filepath.Join(bin, "rsync"), []byte(script), 0o755))
	r.t.(*testing.T).Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for i := range r.conf.Trees[0].Targets {
		r.conf.Trees[0].Targets[i].Warm = false
	}
	return g
}

func (g *gate) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		args, _ := bufio.NewReader(conn).ReadString('\n')
		g.pass(args)
		fmt.Fprintln(conn, "go on")
		conn.Close()
	}
}

func (g *gate) pass(args string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hook != nil && strings.Contains(args, "/proc/self/fd/3/") && g.hook(args) {
		g.hook = nil
	}
}

// next calls f once, before the next run with this among its arguments.
func (g *gate) next(arg string, f func()) (called <-chan struct{}) {
	done := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hook = func(args string) bool {
		if !strings.Contains(args, arg) {
			return false
		}
		f()
		close(done)
		return true
	}
	return done
}

// The directory above a file is swapped for a symlink out of the tree after rsync has listed the
// file and before it opens it: as root, it would send what nobody else may read.
func TestASwappedParentLeaksNothing(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("runs are confined where they are root's: EPERM")
	}
	for _, form := range []string{"a tree", "a list"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.conf.Trees[0].Targets[0].Workers = 1
			r.conf.Trees[0].Targets[0].BwLimit = 6 << 20
			secret := t.TempDir()
			must(t, os.Chmod(secret, 0o700))
			must(t, os.WriteFile(secret+"/f", []byte("secret"), 0o600))
			var leaks atomic.Int64
			look := func(o *engine.Options) {
				o.Observers = append(o.Observers, runsEnd(func() {
					d := filepath.Join(r.dst(), "d")
					if info, err := os.Lstat(d); err != nil || !info.IsDir() {
						return // a symlink leads to the secret itself
					}
					if got, _ := os.ReadFile(filepath.Join(d, "f")); string(got) == "secret" {
						leaks.Add(1)
					}
				}))
			}
			r.write("d/f", "mine")
			long := strings.Repeat("large", 600_000) // and still room for more in its run
			if form == "a list" {
				r.start(look)
				r.says("full pass ended")
				r.write("first", long) // keeps the only worker while the others gather
				r.sends("first")
				r.write("d/f", "also mine")
				r.write("a", long)
			} else {
				r.write("a", long)
				r.start(look)
			}
			if r.log.contains("runs are not confined") {
				t.Skip("the mirror says that this kernel has no Landlock")
			}
			r.sends("a")
			must(t, os.Rename(r.path("d"), r.path("was")))
			must(t, os.Symlink(secret, r.path("d")))
			r.identical()
			if leaks.Load() > 0 {
				t.Error("a file from outside the tree was sent")
			}
		})
	}
}

// sends waits until the target has begun to receive a file of the root.
func (r *rig) sends(name string) {
	r.t.Helper()
	eventually(r.t, name+" to be under way", func() string {
		if under, _ := filepath.Glob(filepath.Join(r.dst(), "."+name+".*")); len(under) > 0 {
			return ""
		}
		return "it is not"
	})
}

// runsEnd is told of every run that ended.
type runsEnd func()

// Observe implements task.Observer.
func (f runsEnd) Observe(*task.Outcome) { f() }

// The source is moved away, and an empty one made, after the look.
func TestARootReplacedBeforeARunEmptiesNothing(t *testing.T) {
	r := newRig(t)
	g := newGate(r)
	r.write("a/f", "1")
	r.write("g", "1")
	r.start(func(o *engine.Options) { o.ForceDelete = true })
	r.identical()
	r.stop()
	replaced := g.next("--delete", func() {
		must(t, os.Rename(r.src, r.src+".away"))
		must(t, os.Mkdir(r.src, 0o755))
	})
	r.start(func(o *engine.Options) { o.ForceDelete = true })
	<-replaced
	r.says("leads to another directory")
	r.write("new", "2")
	r.holds("new", "2")
	for _, name := range []string{"a/f", "g"} {
		if !r.has(name) {
			t.Errorf("%s was deleted", name)
		}
	}
}

// Somebody unmounts a filesystem in the tree after the look.
func TestAFilesystemUnmountedBeforeARunEmptiesNothing(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mount(2) needs root: EPERM")
	}
	r := newRig(t)
	r.conf.Trees[0].CrossMounts = true
	g := newGate(r)
	inner := r.path("d/inner")
	must(t, os.MkdirAll(inner, 0o755))
	must(t, syscall.Mount("none", inner, "tmpfs", 0, ""))
	defer syscall.Unmount(inner, syscall.MNT_DETACH)
	r.write("d/inner/a", "1")
	r.write("d/inner/b", "1")
	r.start(func(o *engine.Options) { o.ForceDelete = true })
	r.identical()
	kept := func(when string, tried <-chan struct{}) {
		t.Helper()
		<-tried
		r.settled()
		for _, name := range []string{"d/inner/a", "d/inner/b"} {
			if !r.has(name) {
				t.Fatalf("%s: %s was deleted", when, name)
			}
		}
	}
	unmount := func() { _ = syscall.Unmount(inner, 0) } // EBUSY would do
	tried := g.next("-I", unmount)
	r.write("d/inner/a", "2")
	kept("before a run over files in it", tried)
	r.stop()
	tried = g.next("--delete", unmount)
	r.start(func(o *engine.Options) { o.ForceDelete = true })
	kept("before a full pass", tried)
	eventually(t, "the filesystem not to be busy", func() string {
		if err := syscall.Unmount(inner, 0); err != nil {
			return err.Error()
		}
		return ""
	})
	r.says("not the one that belongs there")
}
