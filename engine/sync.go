package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sersync/sersync/engine/deliver"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
	"github.com/sersync/sersync/rsyncexec"
)

// SyncResult is what one full pass came to.
type SyncResult struct {
	// Identical: every target holds what its source does, and nothing else.
	Identical bool
	// Failed are the paths that could not be brought over, with the target and the reason, at most
	// 1,000 of them.
	Failed []string
	// Unreachable are the targets that the pass ended without, with the reason.
	Unreachable []string
	// Held are the targets with deletions that the guard holds.
	Held []Held
}

// Progress is how far a pass is. Totals grow while the source is still being counted.
type Progress struct {
	Files, FilesTotal int64
	Bytes, BytesTotal int64
}

// Sync makes one full pass over every tree and returns what it came to. When ctx ends the runs are
// stopped, and the error is that of ctx.
func (e *Engine) Sync(ctx context.Context) (result SyncResult, err error) {
	defer func() { err = errors.Join(err, e.closeTrees()) }()
	e.runTime = syncRunTime
	p := &progress{report: e.opts.Progress}
	if p.report != nil {
		e.opts.Observers = append(e.opts.Observers, p)
	}
	if err := e.open(ctx, true); err != nil {
		return SyncResult{}, err
	}
	defer func() { err = errors.Join(err, e.closeJournal()) }()
	hard, kill := e.hardContext(ctx)
	defer kill()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(hard, cancel)

	e.prepare(ctx)
	var g, passes errgroup.Group
	var mu sync.Mutex // of result
	for _, t := range e.trees {
		if p.report != nil {
			g.Go(func() error { p.count(ctx, t); return nil })
		}
		for _, target := range t.targets {
			g.Go(func() error { return target.delivery.Run(hard) })
			passes.Go(func() error {
				end := target.pass(ctx)
				mu.Lock()
				defer mu.Unlock()
				result.add(target, end)
				return nil
			})
		}
	}
	_ = passes.Wait() // they return no errors
	stopped := ctx.Err()
	cancel()
	err = g.Wait()
	if stopped != nil {
		return SyncResult{}, stopped
	}
	result.Identical = len(result.Failed) == 0 && len(result.Unreachable) == 0 && len(result.Held) == 0
	return result, err
}

// prepare asks the targets what they understand while the names are counted.
func (e *Engine) prepare(ctx context.Context) {
	var g errgroup.Group
	for _, t := range e.trees {
		g.Go(func() error { t.countNames(ctx); return nil })
		for _, target := range t.targets {
			g.Go(func() error {
				_, _ = target.rsync.Probe(ctx) // what fails is the first run's to say
				return nil
			})
		}
	}
	_ = g.Wait()
}

// syncRunTime is how much goes into one run where no live change waits for its end: it only has to
// leave something for the runs beside it.
const syncRunTime = 5 * time.Second

// patience is how long a pass waits for a target that serves as many as it wants to.
const patience = time.Minute

// fullPatience is how long a pass goes on while nothing fits on the target.
const fullPatience = 15 * time.Second

// pass owes the whole tree, waits until nothing can be done any more, and ends the delivery.
func (g *target) pass(ctx context.Context) deliver.Stats {
	debt := fullPass(task.Asked)
	debt.Class = task.ClassLive // nothing else is going on: all workers, at the usual priority
	g.delivery.Add([]task.Debt{debt})
	var end deliver.Stats
	var busySince time.Time
	_ = g.delivery.Wait(ctx, func(s deliver.Stats) bool {
		end = s
		switch s.Down {
		case deliver.ClassNone:
			busySince = time.Time{}
			return s.Idle()
		case deliver.ClassMaxConnections:
			if busySince.IsZero() {
				busySince = time.Now()
			}
			return time.Since(busySince) > patience
		case deliver.ClassDiskFull: // what fits still goes
			return s.Idle() || time.Since(s.DownSince) > fullPatience && time.Since(s.LastSuccess) > fullPatience
		}
		return true
	})
	g.save()
	end = g.delivery.Stats()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	g.delivery.Drain(ended)
	return end
}

// mostFailed bounds the paths that a result names.
const mostFailed = 1000

func (r *SyncResult) add(g *target, end deliver.Stats) {
	if held := end.Waiting[task.Held]; held > 0 {
		r.Held = append(r.Held, Held{g.conf.Name, max(g.held.sum(), held), g.guard.Mode().String()})
	}
	for _, w := range g.delivery.Queue().Waiting(mostFailed) {
		if w.Reason == task.Failed && len(r.Failed) < mostFailed {
			r.Failed = append(r.Failed, fmt.Sprintf("%s: %q: %s", g.conf.Name, w.Path, w.Why))
		}
	}
	switch end.Down {
	case deliver.ClassNone:
	case deliver.ClassDiskFull, deliver.ClassSource:
		r.Failed = append(r.Failed, fmt.Sprintf("%s: %s", g.conf.Name, reason(g.conf.Name, end.DownErr)))
	default:
		r.Unreachable = append(r.Unreachable, fmt.Sprintf("%s: %s", g.conf.Name, reason(g.conf.Name, end.DownErr)))
	}
}

// reason is what went wrong with a target, for a line that begins with its name: without the address
// where that is the name.
func reason(name string, err error) string {
	text := err.Error()
	var run *rsyncexec.Error
	if errors.As(err, &run) && strings.TrimSuffix(run.Target, "/") == strings.TrimSuffix(name, "/") {
		text = strings.TrimPrefix(text, "rsync to "+run.Target+": ")
	}
	return text
}

// progress adds up what the runs of a pass have covered.
type progress struct {
	files, bytes           int64 // told by one observer at a time
	filesTotal, bytesTotal atomic.Int64
	mu                     sync.Mutex
	report                 func(Progress)
}

// Observe implements task.Observer.
func (p *progress) Observe(o *task.Outcome) {
	if o.Err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files += o.Plan.Files
	p.bytes += o.Plan.Bytes
	p.report(Progress{p.files, p.filesTotal.Load(), p.bytes, p.bytesTotal.Load()})
}

// count adds up what the tree holds, for each of its targets.
func (p *progress) count(ctx context.Context, t *tree) {
	targets := int64(len(t.conf.Targets))
	_ = t.root.Load().Walk(ctx, "", 0, scan.WalkOptions{
		Workers: 1, Stat: true, CrossMounts: t.conf.CrossMounts, Skip: t.rules.Excluded,
		Fail: func([]byte, error) {}, // what can't be read is the pass's matter
		Entry: func(_ uint64, _, _ []byte, st *scan.Stat) {
			p.filesTotal.Add(targets)
			if st.Kind == scan.KindFile {
				p.bytesTotal.Add(st.Size * targets)
			}
		},
	})
}
