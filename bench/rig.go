package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sersync/sersync/bench/internal/child"
	"github.com/sersync/sersync/bench/internal/same"
)

// rig is what one run of a scenario stands on: a directory with a source and replicas, and what
// must be ended and removed.
type rig struct {
	Config
	dir    string
	source string
	ends   []func() error // run backwards by close
}

func newRig(c Config, name string) (*rig, error) {
	dir, err := os.MkdirTemp(c.Dir, "sersync-bench-"+name+"-")
	if err != nil {
		return nil, fmt.Errorf("make the bench's directory: %w", err)
	}
	r := &rig{Config: c, dir: dir, source: filepath.Join(dir, "source")}
	if err := makeDirs(r.source); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return r, nil
}

// close ends what was started, the latest first, and removes the directory.
func (r *rig) close(failed bool) error {
	var err error
	for i := len(r.ends) - 1; i >= 0; i-- {
		err = errors.Join(err, r.ends[i]())
	}
	if (failed || err != nil) && r.Keep {
		r.logf("kept: %s", r.dir)
		return err
	}
	// A directory without permission to search it is no obstacle to root only.
	if removed := os.RemoveAll(r.dir); removed != nil {
		err = errors.Join(err, fmt.Errorf("remove the bench's directory: %w", removed))
	}
	return err
}

// atEnd registers what close does.
func (r *rig) atEnd(do func() error) { r.ends = append(r.ends, do) }

func (r *rig) logf(format string, arguments ...any) {
	fmt.Fprintf(r.Log, "  "+format+"\n", arguments...)
}

// replica is the directory behind a module.
func (r *rig) replica(module string) string { return filepath.Join(r.dir, "replica-"+module) }

// serve starts an rsync daemon with these modules, empty where they are new.
func (r *rig) serve(ctx context.Context, modules ...string) (*child.Rsyncd, error) {
	own := filepath.Join(r.dir, "rsyncd-"+modules[0])
	paths := map[string]string{}
	for _, name := range modules {
		paths[name] = r.replica(name)
		if err := makeDirs(own, paths[name]); err != nil {
			return nil, err
		}
	}
	d, err := child.StartRsyncd(ctx, r.Rsync, own, paths, false)
	if err != nil {
		return nil, err
	}
	r.atEnd(func() error { d.Stop(); return nil })
	return d, nil
}

// program is the program, not yet started.
func (r *rig) program() (*Sersync, error) {
	dir := filepath.Join(r.dir, "sersync")
	return NewSersync(r.Binary, dir, r.Args...), makeDirs(dir)
}

// mirror starts the program on the source and waits until it is ready.
func (r *rig) mirror(ctx context.Context, destinations ...string) (*Sersync, error) {
	s, err := r.program()
	if err != nil {
		return nil, err
	}
	if err := s.Start(ctx, r.source, destinations...); err != nil {
		return nil, err
	}
	r.atEnd(func() error { return s.Stop(context.WithoutCancel(ctx)) })
	r.logf("ready after %v", s.Startup().Round(time.Millisecond))
	return s, nil
}

// steady starts the program on the source and waits until the replicas, the directories behind the
// destinations, are identical, and it rests.
func (r *rig) steady(ctx context.Context, replicas []string, destinations ...string) (*Sersync, error) {
	s, err := r.mirror(ctx, destinations...)
	if err != nil {
		return nil, err
	}
	for _, replica := range replicas {
		if err := r.identical(ctx, s, replica); err != nil {
			return nil, err
		}
	}
	return s, r.rest(ctx, s)
}

// copy fills a replica as an earlier pass would have.
func (r *rig) copy(ctx context.Context, replica string) error {
	_, _, err := run(ctx, filepath.Join(r.dir, "copy.log"), r.Rsync, "-a", r.source+"/", replica+"/")
	return err
}

// errDiffer is that of replicas that do not become identical.
var errDiffer = errors.New("the replica is not identical")

// identical waits until the replica is, completely, and fails if it does not get there.
func (r *rig) identical(ctx context.Context, s *Sersync, replica string) error {
	deadline := time.Now().Add(r.Patience)
	pause := 50 * time.Millisecond
	for {
		report, err := same.Trees(ctx, r.source, replica, same.Options{})
		if err != nil {
			return err
		}
		if report.Same() {
			return nil
		}
		if err := s.Wait(ctx); err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w after %v: %s\nlog of sersync: %s", errDiffer, r.Patience, report, s.proc.Tail())
		}
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
		pause = min(2*pause, 2*time.Second)
	}
}

// restful is how much of a fifth of a second is rest: two ticks of the kernel's clock for it.
const restful = 20 * time.Millisecond

// rest waits until the program has used next to no processor time for a second.
func (r *rig) rest(ctx context.Context, s *Sersync) error {
	deadline := time.Now().Add(r.Patience)
	var before child.Usage
	for still := 0; still < 3; {
		now, err := s.Usage()
		if err != nil {
			return err
		}
		if still++; now.Self+now.Children-before.Self-before.Children > restful {
			still = 0
		}
		before = now
		if time.Now().After(deadline) {
			return fmt.Errorf("sersync does not come to rest: it has used %v", now.Self)
		}
		if !sleep(ctx, 200*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
	return nil
}

// sleep waits, and tells whether ctx still stands.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// identicalOnce fails if the replica is not identical now.
func (r *rig) identicalOnce(ctx context.Context, replica string) error {
	report, err := same.Trees(ctx, r.source, replica, same.Options{})
	if err == nil && !report.Same() {
		err = fmt.Errorf("%w: %s", errDiffer, report)
	}
	return err
}
