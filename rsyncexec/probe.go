package rsyncexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// probeName is listed as missing; nothing has this name.
const probeName = ".sersync-probe-no-such-name"

var (
	rootList    = []byte("/.\x00")
	missingList = []byte("/.\x00/" + probeName + "\x00")
)

// Probe finds out what both ends understand, by the difference of runs that change nothing
// (rsync -n), and remembers it until Forget or an exit code that makes it doubtful. Only one
// caller asks, the others wait for its answer. A receiver that understands all costs one
// connection.
func (r *Runner) Probe(ctx context.Context) (Quirks, error) {
	if q, ok := r.known(); ok {
		return q, nil
	}
	select {
	case <-r.turn:
		defer func() { r.turn <- struct{}{} }()
	case <-ctx.Done():
		return Quirks{}, r.notStarted(ctx, nil)
	}
	if q, ok := r.known(); ok {
		return q, nil
	}
	if r.fault != nil {
		return Quirks{}, r.startError(r.fault)
	}
	q, err := r.decide(ctx)
	if err != nil {
		return Quirks{}, err
	}
	if r.cage != nil {
		r.cage.learn(r.shellRules(ctx))
	}
	return r.remember(q), nil
}

// Forget drops all that was found out: the next run asks again.
func (r *Runner) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.quirks, r.stamps = Quirks{}, stamps{}
}

// doubt has the next run ask again what the other end understands. That a connection broke says
// nothing about the times of its filesystem; as long as they may be coarse it pays to think so.
func (r *Runner) doubt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.quirks = Quirks{Coarse: r.quirks.Coarse}
	if r.quirks.Coarse {
		r.stamps = stamps{}
	}
}

func (r *Runner) known() (Quirks, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.quirks, r.quirks.Branch != 0
}

// remember keeps the answer and tells it once, if there is something to tell.
func (r *Runner) remember(q Quirks) Quirks {
	r.mu.Lock()
	tell := r.told != q.Branch && (q.Branch != BranchA || r.told != 0)
	q.Coarse = r.quirks.Coarse
	r.quirks, r.told = q, q.Branch
	r.mu.Unlock()
	if tell {
		r.o.Log.Warn("target's rsync", "target", r.o.Dest, "form", q.Branch.String(), "why", q.Words())
	}
	return q
}

// decide is the decision procedure. No step looks at the receiver's version, and none takes an
// exit code alone as the answer: an old daemon resets the connection for a fault of the
// configuration as for an option that it does not know.
func (r *Runner) decide(ctx context.Context) (Quirks, error) {
	v, err := r.localVersion(ctx)
	if err != nil {
		return Quirks{}, err
	}
	q := Quirks{Local: v, window: windowOf(v)}
	missing := []string{"--delete-missing-args", "--force"}
	if q.window != "" {
		if ok, err := r.probe(ctx, missingList, append(missing, q.window)...); ok || unrelated(err) {
			q.Branch = BranchA
			return q, err
		}
	}
	if _, err := r.probe(ctx, rootList); err != nil {
		return Quirks{}, err // a real fault: no option is to blame
	}
	// Nothing is written (-n), and if anything were, nothing would go.
	if _, err := r.probe(ctx, rootList, "--delete", "--force", "--filter=P *"); err != nil {
		return Quirks{}, refusesDeletes(err)
	}
	window, args := false, false
	if q.window != "" {
		window, _ = r.probe(ctx, rootList, q.window)
		args, _ = r.probe(ctx, missingList, missing...)
	}
	if ctx.Err() != nil {
		return Quirks{}, r.notStarted(ctx, nil)
	}
	q.Branch = branchOf(window, args)
	return q, nil
}

func branchOf(window, missingArgs bool) Branch {
	switch {
	case window && missingArgs:
		return BranchA
	case window:
		return BranchAB
	case missingArgs:
		return BranchAI
	}
	return BranchNX
}

// unrelated failures can't come from an option that the receiver lacks; then there is no need
// to ask a target that is in trouble a second time.
func unrelated(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case ExitNone, ExitStartClient, ExitTimeout, ExitConTimeout, ExitShell, ExitCmdNotFound:
		return true
	}
	return e.Err != nil
}

// refusesDeletes explains why a probe with --delete failed when the same without it did not.
func refusesDeletes(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Err == nil {
		e.Class, e.Detail = Refused, "the target refuses deletions"
		e.Remedy = "see `refuse options` in its rsyncd.conf, or set the delete mode to never"
	}
	return err
}

// probe runs rsync -n from an empty directory: rsync takes "/." for the root's whole level. ok is
// exit code 0 and no word about the name that is missing: a refusal by a pattern ends with 0 and
// says that it skips it.
func (r *Runner) probe(ctx context.Context, list []byte, args ...string) (ok bool, err error) {
	empty, err := os.MkdirTemp("", "rsync-probe-")
	if err != nil {
		return false, r.startError(err)
	}
	defer os.Remove(empty)
	all := append([]string{}, r.o.Args...)
	all = append(all, "--no-r", "-d", "-n")
	all = append(all, args...)
	all = append(all, r.o.connection()...)
	all = append(all, "--from0", "--files-from=-", empty+"/", r.o.Dest)
	out := newOutput(nil)
	p, err := r.launch(ctx, 0, form{args: all, list: list}, false, out)
	if err != nil {
		return false, r.notStarted(ctx, err)
	}
	defer context.AfterFunc(ctx, p.stop)()
	<-p.ended
	out.flush()
	if code := p.exitCode(); code != ExitOK {
		e := newError(r.o.Dest, code, &out.diag)
		if cause := context.Cause(ctx); cause != nil {
			e.Class, e.Remedy, e.Err = Killed, "", cause
		}
		return false, e
	}
	return !strings.Contains(out.diag.text(), probeName), nil
}

// localVersion asks the rsync of this machine.
func (r *Runner) localVersion(ctx context.Context) (Version, error) {
	program, err := exec.LookPath(r.o.Program)
	if err != nil {
		return Version{}, r.startError(err)
	}
	stdin, err := os.Open(os.DevNull)
	if err != nil {
		return Version{}, r.startError(err)
	}
	out := newOutput(nil)
	p, err := start(command{
		argv: []string{program, "--version"}, env: r.o.environ(), stdin: stdin,
		stdout: &out.stdout, stderr: &out.stderr, grace: r.o.Grace,
	})
	if err != nil {
		return Version{}, r.startError(err)
	}
	defer context.AfterFunc(ctx, p.stop)()
	<-p.ended
	out.flush()
	if ctx.Err() != nil {
		return Version{}, r.notStarted(ctx, nil)
	}
	v, ok := ParseVersion(out.diag.text())
	if !ok {
		return v, r.startError(fmt.Errorf("%s is not an rsync that can be used: %s", program, out.diag.first))
	}
	return v, nil
}
