package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/config"
)

// once makes one pass and returns its error.
func (r *rig) once() error {
	r.t.Helper()
	eng, err := engine.New(r.options())
	must(r.t, err)
	_, err = eng.Sync(context.Background())
	return err
}

// beside is a rig with another source, and the same state directory, server and log.
func (r *rig) beside(dest string) *rig {
	r.t.Helper()
	second := *r
	second.src, second.done = filepath.Join(r.t.TempDir(), "src"), nil
	must(r.t, os.Mkdir(second.src, 0o755))
	second.conf = second.flags(second.src, dest)
	return &second
}

func TestTwoMirrorsToOnePlaceAreRefused(t *testing.T) {
	r := newRig(t)
	r.write("first", "1")
	r.start()
	r.identical()
	for _, dest := range []string{r.server.URL("m"), r.server.URL("m") + "/sub"} {
		other := r.beside(dest)
		other.write("second", "2")
		eng, err := engine.New(other.options())
		must(t, err)
		for how, err := range map[string]error{"mirror": eng.Run(context.Background()), "sync": other.once()} {
			var found config.Findings
			if !errors.As(err, &found) || strings.Contains(err.Error(), "\n") ||
				!strings.Contains(err.Error(), "a command line for "+r.src+", which runs now as process") {
				t.Errorf("%s to %s beside another: %v", how, dest, err)
			}
		}
	}
	if r.has("second") || r.has("sub") {
		t.Error("what was refused has sent something")
	}
	r.settled()
	r.stop()

	// A folder that nobody holds is no reason to refuse.
	other := r.beside(r.server.URL("m"))
	must(t, other.once())
}

// Whoever deletes only what was seen leaving may share a target: several sources feed one module.
func TestTameMirrorsShareATarget(t *testing.T) {
	r := newRig(t)
	other := r.beside(r.server.URL("m"))
	for _, rig := range []*rig{r, other} {
		rig.conf.Trees[0].Targets[0].Delete = "live"
	}
	r.write("first", "1")
	other.write("second", "2")
	r.start()
	other.start()
	r.holds("first", "1")
	r.holds("second", "2")
	other.stop()
}

// A schedule runs passes of what a daemon mirrors, from the same source to the same place.
func TestAPassBesideTheDaemonThatDoesTheSame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sersync.yaml")
	r := newRig(t)
	command := r.conf
	must(t, os.WriteFile(file, []byte("trees: [{path: "+r.src+", targets: ['"+r.server.URL("m")+"']}]\n"), 0o644))
	var err error
	r.conf, err = config.Load(file)
	must(t, err)
	r.write("first", "1")
	r.start()
	r.identical()
	pass := *r
	pass.conf = command
	must(t, pass.once())
	// A second daemon of it would be a mistake.
	eng, err := engine.New(pass.options())
	must(t, err)
	if err := eng.Run(context.Background()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a second daemon: %v", err)
	}
}

// Of two that start at once at least one sees the other.
func TestOfTwoThatStartAtOnceOneIsRefused(t *testing.T) {
	r := newRig(t)
	other := r.beside(r.server.URL("m"))
	for range 5 {
		ctx, cancel := context.WithCancel(context.Background())
		var ready atomic.Int32
		var runs errgroup.Group
		refused := make(chan error, 2)
		for _, o := range []engine.Options{r.options(), other.options()} {
			o.OnReady = func() {
				if ready.Add(1) == 2 {
					refused <- nil
				}
			}
			eng, err := engine.New(o)
			must(t, err)
			runs.Go(func() error {
				if err := eng.Run(ctx); err != nil {
					refused <- err
				}
				return nil
			})
		}
		if err := <-refused; err == nil {
			t.Error("both mirror to one place")
		}
		cancel()
		must(t, runs.Wait())
	}
}
