package engine_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a mirror may take to do what a test waits for. It is no measure of speed.
const patience = 60 * time.Second

// rig is a source, an rsync daemon with one module, and the mirror between them.
type rig struct {
	t      testing.TB
	src    string
	server *rsynctest.Server
	state  string
	conf   *config.Config
	log    *logBuffer

	cancel context.CancelFunc
	done   chan error
	eng    *engine.Engine
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, src: filepath.Join(t.TempDir(), "src"), state: t.TempDir(), log: &logBuffer{}}
	must(t, os.Mkdir(r.src, 0o755))
	r.server = rsynctest.Daemon(t, rsynctest.Options{Modules: []rsynctest.Module{{Name: "m"}}})
	r.conf = r.flags(r.src, r.server.URL("m"))
	t.Cleanup(func() {
		r.stop()
		if t.Failed() {
			t.Logf("log of the mirror:\n%s", r.log)
		}
	})
	return r
}

func (r *rig) flags(src string, dests ...string) *config.Config {
	r.t.Helper()
	conf, err := config.FromFlags(src, dests, config.FlagOptions{})
	must(r.t, err)
	return conf
}

// dst is the directory of the module.
func (r *rig) dst() string { return r.server.Path("m") }

func (r *rig) options() engine.Options {
	return engine.Options{
		Config: r.conf, StateDir: r.state, FullSync: true,
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// start runs the mirror until it is ready.
func (r *rig) start(change ...func(*engine.Options)) {
	r.t.Helper()
	ready := make(chan struct{})
	o := r.options()
	o.OnReady = func() { close(ready) }
	for _, f := range change {
		f(&o)
	}
	eng, err := engine.New(o)
	must(r.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	r.eng, r.cancel, r.done = eng, cancel, make(chan error, 1)
	go func() { r.done <- eng.Run(ctx) }()
	select {
	case <-ready:
	case err := <-r.done:
		r.cancel, r.done = nil, nil
		cancel()
		r.t.Fatalf("Run ended: %v\n%s", err, r.log)
	}
}

// stop ends the mirror and waits for it.
func (r *rig) stop() {
	r.t.Helper()
	if r.done == nil {
		return
	}
	r.cancel()
	if err := <-r.done; err != nil {
		r.t.Errorf("Run: %v", err)
	}
	r.done = nil
}

func (r *rig) path(name string) string { return filepath.Join(r.src, name) }

func (r *rig) write(name, content string) {
	r.t.Helper()
	must(r.t, os.MkdirAll(filepath.Dir(r.path(name)), 0o755))
	must(r.t, os.WriteFile(r.path(name), []byte(content), 0o644))
}

// writeTarget puts a file on the target behind the mirror's back.
func (r *rig) writeTarget(name, content string) {
	r.t.Helper()
	path := filepath.Join(r.dst(), name)
	must(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(r.t, os.WriteFile(path, []byte(content), 0o644))
}

// identical waits until source and target are the same.
func (r *rig) identical() {
	r.t.Helper()
	eventually(r.t, "source and target to be the same", func() string {
		return cmp.Diff(rsynctest.Tree(r.t, r.src), rsynctest.Tree(r.t, r.dst()))
	})
}

// holds waits until the target has this content under this name.
func (r *rig) holds(name, content string) {
	r.t.Helper()
	holds(r.t, filepath.Join(r.dst(), name), content)
}

func holds(t testing.TB, path, content string) {
	t.Helper()
	eventually(t, path+" to hold "+content, func() string {
		got, err := os.ReadFile(path)
		if err != nil {
			return err.Error()
		}
		return cmp.Diff(content, string(got))
	})
}

// lacks waits until the target has nothing under this name.
func (r *rig) lacks(name string) {
	r.t.Helper()
	eventually(r.t, name+" to be gone from the target", func() string {
		if r.has(name) {
			return name + " is still there"
		}
		return ""
	})
}

func (r *rig) has(name string) bool {
	_, err := os.Lstat(filepath.Join(r.dst(), name))
	return err == nil
}

// settled waits until a change made now has reached the target: what was to happen before has
// happened.
func (r *rig) settled() {
	r.t.Helper()
	name := "settled"
	content := time.Now().String()
	r.write(name, content)
	r.holds(name, content)
}

// says waits until the log has this text.
func (r *rig) says(text string) {
	r.t.Helper()
	eventually(r.t, "the log to say "+text, func() string {
		if !r.log.contains(text) {
			return "it does not"
		}
		return ""
	})
}

// eventually waits until wrong returns "".
func eventually(t testing.TB, what string, wrong func() string) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		text := wrong()
		if text == "" {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited for %s: %s", what, text)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logBuffer is a log that several goroutines write.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logBuffer) contains(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.buf.Bytes(), []byte(text))
}

func (l *logBuffer) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.buf.Bytes(), []byte(text))
}
