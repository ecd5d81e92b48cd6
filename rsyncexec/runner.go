package rsyncexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Runner runs rsync to one target.
type Runner struct {
	o     Options
	turn  chan struct{} // holds one token: who has it may probe
	cage  *cage         // nil: not confined
	fault error         // of the options

	mu     sync.Mutex
	quirks Quirks // zero but for Coarse: to be asked
	told   Branch // what Log was told of
	stamps stamps // how Coarse is found out
}

// NewRunner makes a Runner. Faults of the options are the error of every run.
func NewRunner(o Options) *Runner {
	r := &Runner{o: o.withDefaults(), turn: make(chan struct{}, 1), fault: o.Validate()}
	r.turn <- struct{}{}
	if o.Landlock {
		r.cage = newCage(&r.o)
	}
	return r
}

// Run does an invocation and waits for its end. The error, if any, is an *Error: what failed, as
// a class of failures; the Result tells what was done all the same. When ctx is done the run is
// ended, waited for, and the Error wraps the context's cause. An invocation without items, or
// with only missing ones and DeleteNo, does nothing.
//
// Deletions that the budget stopped are not an error: see [Result.Stopped].
func (r *Runner) Run(ctx context.Context, inv Invocation) (Result, error) {
	return r.run(ctx, inv, nil)
}

func (r *Runner) run(ctx context.Context, inv Invocation, every func(*change)) (Result, error) {
	if r.fault != nil {
		return Result{Code: ExitNone}, r.startError(r.fault)
	}
	if err := inv.validate(); err != nil {
		return Result{Code: ExitNone}, r.startError(err)
	}
	q, err := r.Probe(ctx)
	if err != nil {
		return Result{Code: ExitNone}, err
	}
	if r.worthALook(&inv) {
		q = r.lookAhead(ctx, &inv, q)
	}
	began := time.Now()
	res, diag, err := r.follow(ctx, &inv, q, r.o.steps(q, &inv, false), every)
	if aborted(res.Code, diag) {
		// A listed name's parent vanished, and this receiver (3.1) then drops the rest of the
		// list. Without --delete-missing-args it does not.
		steps := r.o.steps(q, &inv, true)
		res, diag, err = r.follow(ctx, &inv, q, steps, every)
	}
	res.explain(diag)
	res.Duration = time.Since(began)
	if !inv.DryRun {
		r.lookBack(ctx, &inv, &res)
	}
	return res, err
}

// follow takes the steps one after the other. It ends early where the whole run failed: paths
// that failed do not keep the others from being deleted.
func (r *Runner) follow(ctx context.Context, inv *Invocation, q Quirks, steps []step,
	every func(*change),
) (Result, *diagnostics, error) {
	var total Result
	var diag diagnostics
	var failed error
	left := *inv
	for _, s := range steps {
		res, d, err := r.execute(ctx, &left, r.o.form(s, q, &left), every)
		total.add(&res)
		diag.add(d)
		if err != nil && failed == nil {
			failed = err
		}
		if err != nil && res.Code != ExitPartial && res.Code != ExitVanished {
			break
		}
		if left.MaxDelete > 0 {
			left.MaxDelete = max(0, left.MaxDelete-res.DeletedCount)
		}
	}
	return total, &diag, failed
}

// aborted recognises what receivers 3.1.x do when the parent of a listed name has vanished.
func aborted(code ExitCode, d *diagnostics) bool {
	return code == ExitProtocol && code.Class(d.text()) == Vanished
}

// execute runs one process to its end.
func (r *Runner) execute(ctx context.Context, inv *Invocation, f form, every func(*change)) (Result, *diagnostics, error) {
	out := newOutput(inv.Sent)
	out.every = every
	p, err := r.launch(ctx, inv.RootFD, f, inv.Bulk, out)
	if err != nil {
		return Result{Code: ExitNone}, &out.diag, r.notStarted(ctx, err)
	}
	stop := p.stop
	if inv.DryRun {
		stop = p.kill // nothing is there to be tidied up, which takes rsync 0.4 s
	}
	defer context.AfterFunc(ctx, stop)()
	<-p.ended
	err = r.conclude(ctx, p.exitCode(), out)
	return out.res, &out.diag, err
}

// conclude turns an exit code into a Result's and an error.
func (r *Runner) conclude(ctx context.Context, code ExitCode, out *output) error {
	out.flush()
	out.res.Code = code
	if code == ExitOK || code == ExitDelLimit {
		return nil
	}
	e := newError(r.o.Dest, code, &out.diag)
	if cause := context.Cause(ctx); cause != nil {
		e.Class, e.Remedy, e.Err = Killed, "", cause
	} else if code.doubtful() {
		r.doubt()
	}
	return e
}

// launch starts a form's process with its list complete on standard input.
func (r *Runner) launch(ctx context.Context, rootFD int, f form, bulk bool, out *output) (*process, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	list, err := listFile(f.list)
	if err != nil {
		return nil, err
	}
	return r.spawn(rootFD, f, list, bulk, out)
}

// spawn starts a form's process. stdin is its from now on. Descriptor 3 is the root, 4 the lock.
func (r *Runner) spawn(rootFD int, f form, stdin *os.File, bulk bool, out *output) (*process, error) {
	var extra []*os.File
	if rootFD > 0 {
		root, err := dupFile(rootFD, "source root")
		if err != nil {
			stdin.Close()
			return nil, err
		}
		defer root.Close()
		extra = append(extra, root)
	}
	if r.o.Lock != nil {
		extra = append(extra, r.o.Lock)
	}
	program, err := exec.LookPath(r.o.Program)
	if err != nil {
		stdin.Close()
		return nil, err
	}
	return start(command{
		argv: append([]string{program}, f.args...), env: r.o.environ(),
		stdin: stdin, extra: extra, stdout: &out.stdout, stderr: &out.stderr,
		bulk: bulk && r.o.Nice, confine: r.confine(rootFD), grace: r.o.Grace,
	})
}

// confine is nil where nothing is to be confined; probes have no root and read nothing of ours.
func (r *Runner) confine(rootFD int) func() error {
	if r.cage == nil || rootFD <= 0 {
		return nil
	}
	return func() error { return r.cage.enter(rootFD) }
}

// notStarted is the Error of a run that there was not: ctx was done, or err.
func (r *Runner) notStarted(ctx context.Context, err error) *Error {
	if cause := context.Cause(ctx); cause != nil {
		return &Error{Code: ExitNone, Class: Killed, Target: r.o.Dest, Detail: "not started", Err: cause}
	}
	return r.startError(err)
}

func (r *Runner) startError(err error) *Error {
	e := &Error{Code: ExitNone, Class: Config, Target: r.o.Dest, Detail: "can't start", Err: err}
	var missing *exec.Error
	if errors.As(err, &missing) {
		e.Remedy = fmt.Sprintf("install rsync on this machine or name it (%s was not found)", r.o.Program)
	}
	return e
}
