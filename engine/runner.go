package engine

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/sersync/sersync/engine/deliver"
	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
	"github.com/sersync/sersync/rsyncexec"
)

// runner is a target's rsync as the delivery sees it: a plan in, a result out.
type runner struct {
	rsync *rsyncexec.Runner
	rules *filter.Rules
	guard *guard.Guard
	root  func() *scan.Root
	cross bool
	dry   *dryRun // nil: for real
	// hold keeps what a plan was made of where it is while its run goes on.
	hold func(*task.Plan) (release func(), err error)
}

// invocation is the rsync run that does p.
func (r *runner) invocation(ctx context.Context, p *task.Plan, b guard.Budget) (rsyncexec.Invocation, error) {
	inv := rsyncexec.Invocation{
		RootFD: p.RootFD, Items: items(p.Items), Hide: p.Hide, Recursive: p.Kind == task.KindTree,
		Files: p.Files, Compare: compareOf(p), MaxDelete: b.Max, Extras: r.guard.Extras(),
		Bulk: p.Class == task.ClassBulk, Partial: p.Kind == task.KindLarge && !p.Whole, MaxSize: p.MaxSize,
		DryRun: r.dry != nil,
	}
	if b.Delete {
		inv.Delete = rsyncexec.DeleteBudget
	}
	if !inv.Recursive || !r.rules.Untranslatable() {
		return inv, nil
	}
	concrete, err := r.concrete(ctx, p)
	if err == nil {
		inv.Filters = rulesOf(r.rules.RsyncFor(concrete))
	}
	return inv, err
}

func compareOf(p *task.Plan) rsyncexec.Compare {
	switch {
	case p.Kind == task.KindContent:
		return rsyncexec.Content
	case p.Kind == task.KindLarge && !p.Quick:
		return rsyncexec.Checksum
	}
	return rsyncexec.Quick
}

func items(from []task.Item) []rsyncexec.Item {
	to := make([]rsyncexec.Item, len(from))
	for i, it := range from {
		to[i] = rsyncexec.Item(it)
	}
	return to
}

// rulesOf takes the rules out of rsync's arguments.
func rulesOf(args []string) []string {
	rules := make([]string, len(args))
	for i, a := range args {
		rules[i] = strings.TrimPrefix(a, "--filter=")
	}
	return rules
}

// errTooManyExcluded ends a run that would need more rules than a command line should carry.
var errTooManyExcluded = errors.New("too many names are excluded by expressions that rsync can't " +
	"express; write them as rsync patterns")

// excludedPaths collects what walkers find.
type excludedPaths struct {
	mu    sync.Mutex
	paths []string
}

func (e *excludedPaths) add(path string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.paths) <= filter.MaxConcrete {
		e.paths = append(e.paths, path)
	}
}

// concrete finds the paths below a recursive run that only our own rules exclude.
func (r *runner) concrete(ctx context.Context, p *task.Plan) ([]string, error) {
	var found excludedPaths
	for _, it := range p.Items {
		if !it.Dir {
			continue
		}
		err := r.root().Walk(ctx, it.Path, 0, scan.WalkOptions{
			CrossMounts: r.cross,
			Skip: func(path []byte, isDir bool) bool {
				if r.rules.OnlyOurs(path, isDir) {
					found.add(string(path))
				}
				return r.rules.Excluded(path, isDir)
			},
			Fail: func([]byte, error) {},
		})
		if err != nil {
			return nil, err
		}
		if len(found.paths) > filter.MaxConcrete {
			return nil, errTooManyExcluded
		}
	}
	return found.paths, nil
}

// Run implements deliver.Runner.
func (r *runner) Run(ctx context.Context, p *task.Plan, b guard.Budget) (deliver.Result, error) {
	inv, err := r.invocation(ctx, p, b)
	if err != nil {
		return deliver.Result{Code: -1}, &deliver.RunError{Class: deliver.ClassSource, Err: err}
	}
	if r.dry != nil {
		return r.dry.run(ctx, r, inv, b)
	}
	release, err := r.hold(p)
	if err != nil {
		return deliver.Result{Code: -1}, err
	}
	defer release()
	res, err := r.rsync.Run(ctx, inv)
	return r.result(ctx, inv, res, err)
}

// result translates, and asks which paths are still different where rsync only says that some are.
func (r *runner) result(
	ctx context.Context, inv rsyncexec.Invocation, res rsyncexec.Result, err error,
) (deliver.Result, error) {
	out := deliver.Result{
		Code: int(res.Code), Transferred: res.Transferred,
		Sent: res.Sent, Deleted: res.DeletedCount, Left: res.LeftDeletions,
	}
	if res.Stopped {
		out.Left = max(out.Left, 1)
	}
	out.NewParents = unlisted(res.NewDirs, inv)
	var fault *rsyncexec.Error
	if !errors.As(err, &fault) {
		if err != nil {
			err = &deliver.RunError{Class: deliver.ClassUnknown, Err: err}
		}
		return out, err
	}
	class := classes[fault.Class]
	switch class {
	case deliver.ClassDiskFull:
		out.Litter = parts(inv)
		r.failed(ctx, inv, res, &out)
	case deliver.ClassPartial, deliver.ClassVanished:
		r.failed(ctx, inv, res, &out)
	case deliver.ClassConfig:
		if missing(fault) {
			class = deliver.ClassMissing
		}
	}
	return out, &deliver.RunError{Class: class, Begun: begun(fault), Err: fault}
}

// classes are rsyncexec's words in those of the delivery.
var classes = map[rsyncexec.Class]deliver.Class{
	rsyncexec.Unknown:        deliver.ClassUnknown,
	rsyncexec.Unreachable:    deliver.ClassUnreachable,
	rsyncexec.MaxConnections: deliver.ClassMaxConnections,
	rsyncexec.Auth:           deliver.ClassAuth,
	rsyncexec.Config:         deliver.ClassConfig,
	rsyncexec.Refused:        deliver.ClassConfig,
	rsyncexec.DiskFull:       deliver.ClassDiskFull,
	rsyncexec.Partial:        deliver.ClassPartial,
	rsyncexec.Vanished:       deliver.ClassVanished,
	rsyncexec.Timeout:        deliver.ClassTimeout,
	rsyncexec.Killed:         deliver.ClassKilled,
	rsyncexec.OldRsync:       deliver.ClassConfig,
}

// begun says that the receiver may have been at work when the run ended.
func begun(e *rsyncexec.Error) bool {
	switch e.Code {
	case rsyncexec.ExitStreamIO, rsyncexec.ExitSocketIO:
		return !strings.Contains(e.Detail, "refused")
	}
	return e.Class == rsyncexec.Timeout || e.Class == rsyncexec.Killed
}

// failed asks the target what is still different: the wording of rsync's messages is no ground for
// bookkeeping, a dry run of the same list is.
func (r *runner) failed(
	ctx context.Context, inv rsyncexec.Invocation, res rsyncexec.Result, out *deliver.Result,
) {
	still, err := r.rsync.Verify(ctx, inv)
	if err != nil {
		return
	}
	out.FailedKnown, out.Left = true, max(out.Left, still.Left)
	why := map[string]string{}
	for _, p := range res.FailedPaths {
		why[p.Path] = p.Text
	}
	out.Failed = make([]deliver.PathFailure, 0, len(still.Paths)+len(still.Unread))
	for _, path := range still.Paths {
		out.Failed = append(out.Failed, failure(path, why[path]))
	}
	for _, p := range still.Unread {
		f := failure(p.Path, p.Text)
		f.Dir = true // or will be one when it can be read
		out.Failed = append(out.Failed, f)
	}
}

func failure(path, why string) deliver.PathFailure {
	return deliver.PathFailure{Path: path, Why: why, Vanished: strings.Contains(why, "vanished")}
}

// warmRunner is a runner that can also start runs before their list is known.
type warmRunner struct {
	*runner
}

// Warm implements deliver.Warmer.
func (r warmRunner) Warm(ctx context.Context, b guard.Budget) (deliver.Warm, error) {
	budget := 0
	if b.Delete {
		budget = b.Max
	}
	root := r.root().FD()
	w, err := r.rsync.Warm(ctx, rsyncexec.WarmOptions{RootFD: root, MaxDelete: budget})
	if err != nil {
		return nil, err
	}
	return &warm{run: w, runner: r.runner, root: root, budget: budget}, nil
}

// errOtherRoot: the plan was made from another directory than the warm run was started in.
var errOtherRoot = errors.New("the source was replaced meanwhile")

type warm struct {
	run    *rsyncexec.Warm
	runner *runner
	root   int
	budget int
}

func (w *warm) Dead() <-chan struct{} { return w.run.Dead() }
func (w *warm) Close() error          { w.run.Close(); return nil }

func (w *warm) Run(ctx context.Context, p *task.Plan, progress func()) (deliver.Result, error) {
	if p.RootFD != w.root {
		return deliver.Result{Code: -1}, &deliver.RunError{Class: deliver.ClassUnknown, Err: errOtherRoot}
	}
	release, err := w.runner.hold(p)
	if err != nil {
		return deliver.Result{Code: -1}, err
	}
	defer release()
	res, err := w.run.Run(ctx, items(p.Items), func([]byte, int64) { progress() })
	inv := rsyncexec.Invocation{
		RootFD: w.root, Items: items(p.Items), Compare: rsyncexec.Content,
		Delete: rsyncexec.DeleteBudget, MaxDelete: w.budget,
	}
	return w.runner.result(ctx, inv, res, err)
}
