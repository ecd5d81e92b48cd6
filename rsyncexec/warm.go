package rsyncexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Why a warm run did not do what it was given. In each case nothing has been changed on the
// target unless said, and a cold run over the same items is right.
var (
	// ErrNeedsCold: the items need other options than the warm run was started with.
	ErrNeedsCold = errors.New("items need a cold run")
	// ErrTooLong: the list does not fit a pipe (fs.pipe-max-size, fs.pipe-user-pages-soft).
	ErrTooLong = errors.New("list too long for a warm run")
	// ErrWarmDead: the connection had died while it was idle; not a sign that the target is down.
	ErrWarmDead = errors.New("warm run died idle")
	// ErrNoProgress: it said nothing in time and was ended; what it had begun is unknown.
	ErrNoProgress = errors.New("warm run shows no progress")
	// ErrWarmUsed: it has had its list, or was closed.
	ErrWarmUsed = errors.New("warm run was used already")
)

// firstOutput is how long a warm run may be silent after it was given its list, and readByte how
// much longer for each byte of it: rsync reads a list byte by byte, with two system calls each.
const (
	firstOutput = 5 * time.Second
	readByte    = 10 * time.Microsecond
)

// WarmOptions fix what a warm run can do: its options are given before its list is known.
type WarmOptions struct {
	// RootFD as in Invocation.
	RootFD int
	// MaxDelete is the budget of missing names, reserved now. 0: none can be given.
	MaxDelete int
	// Timeout replaces Options.Timeout; 0 does not. rsync keeps an idle connection alive every
	// half of it, so a daemon whose own `timeout` is not longer than that ends the connection.
	Timeout time.Duration
	// FirstOutput is how long it may say nothing after it was given its list, besides 10 µs for
	// each byte of the list; 0 is 5 seconds.
	FirstOutput time.Duration
}

// Warm is an rsync that has connected, logged in and shaken hands, and waits for its list. It
// compares by content (-I). It takes one list; the next one needs another Warm. It holds one of
// the daemon's `max connections`.
type Warm struct {
	r      *Runner
	o      WarmOptions
	p      *process
	out    *output
	unbind func() bool // from the context of its start
	took   bool        // missing names can be given

	mu   sync.Mutex
	used bool
	pipe *os.File // its standard input; nil once closed
}

// Warm starts one. It must be given a list or closed; when ctx is done it is ended.
func (r *Runner) Warm(ctx context.Context, wo WarmOptions) (*Warm, error) {
	if wo.RootFD <= 0 {
		return nil, r.startError(ErrNoRoot)
	}
	q, err := r.Probe(ctx)
	if err != nil {
		return nil, err
	}
	w := &Warm{r: r, o: wo, out: newOutput(nil), took: wo.MaxDelete > 0 && q.missingArgs()}
	stdin, pipe, err := blockingPipe()
	if err != nil {
		return nil, r.startError(err)
	}
	w.p, err = r.spawn(wo.RootFD, w.form(q), stdin, false, w.out)
	if err != nil {
		pipe.Close()
		return nil, r.startError(err)
	}
	w.pipe = pipe
	w.unbind = context.AfterFunc(ctx, w.p.stop)
	return w, nil
}

func (w *Warm) form(q Quirks) form {
	o := w.r.o
	if w.o.Timeout > 0 {
		o.Timeout = w.o.Timeout
	}
	inv := Invocation{Compare: Content, MaxDelete: w.o.MaxDelete}
	if w.took {
		inv.Delete = DeleteBudget
	}
	return o.exact(q, &inv, w.took)
}

// Run gives it the list and waits for its end. When ctx is done the run is ended and waited for.
// The error is one of this package's Err… or as in [Runner.Run].
func (w *Warm) Run(ctx context.Context, items []Item, sent func(path []byte, size int64)) (Result, error) {
	began := time.Now()
	list, err := w.list(items)
	if err != nil || len(list) == 0 {
		return Result{Code: ExitNone, Warm: true}, err
	}
	w.out.setSent(sent)
	if err := w.give(list); err != nil {
		return Result{Code: ExitNone, Warm: true}, err
	}
	defer context.AfterFunc(ctx, w.p.stop)()
	defer w.unbind()
	silent := w.await(len(list))
	err = w.conclude(ctx, silent)
	w.out.res.explain(&w.out.diag)
	w.out.res.Duration, w.out.res.Warm = time.Since(began), true
	w.r.lookBack(ctx, &Invocation{RootFD: w.o.RootFD}, &w.out.res)
	return w.out.res, err
}

// list refuses what the options that were fixed can't do.
func (w *Warm) list(items []Item) ([]byte, error) {
	missing := 0
	for i := range items {
		it := &items[i]
		if err := checkPath(it.Path); err != nil {
			return nil, err
		}
		if it.Missing {
			missing++
		}
		if it.Level || it.Path == "" || it.Missing && !w.took {
			return nil, ErrNeedsCold
		}
	}
	if missing > w.o.MaxDelete {
		return nil, ErrNeedsCold
	}
	return appendList(nil, items, false, nil), nil
}

// give moves the whole list into standard input and closes it: all of it or nothing, even if
// this process is killed meanwhile. write(2) into a pipe can be cut short (no memory for a page
// in a group that is being killed), so it goes to a pipe of our own first.
func (w *Warm) give(list []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.used {
		return ErrWarmUsed
	}
	if w.gone() {
		w.used = true
		w.closePipeLocked()
		return ErrWarmDead
	}
	r, stage, err := blockingPipe()
	if err != nil {
		return w.r.startError(err)
	}
	defer r.Close()
	defer stage.Close()
	if err := errors.Join(enlargePipe(stage.Fd(), len(list)), enlargePipe(w.pipe.Fd(), len(list))); err != nil {
		return fmt.Errorf("%w: %w", ErrTooLong, err)
	}
	if _, err := stage.Write(list); err != nil {
		return w.r.startError(err)
	}
	w.used = true
	err = movePipe(r, w.pipe, len(list))
	if err != nil {
		w.p.signal(killSignal) // before its standard input ends
		<-w.p.ended
		err = fmt.Errorf("%w: %w", ErrWarmDead, err)
	}
	w.closePipeLocked()
	return err
}

// await waits for the end, and before that for the first sign of life; silent: there was none.
func (w *Warm) await(size int) (silent bool) {
	limit := w.o.FirstOutput
	if limit <= 0 {
		limit = firstOutput
	}
	t := time.NewTimer(limit + time.Duration(size)*readByte)
	defer t.Stop()
	select {
	case <-w.out.began:
	case <-w.p.ended:
	case <-t.C:
		silent = true
		w.p.stop()
	}
	<-w.p.ended
	return silent
}

func (w *Warm) conclude(ctx context.Context, silent bool) error {
	code := w.p.exitCode()
	w.out.flush()
	w.out.res.Code = code
	if code == ExitOK || code == ExitDelLimit {
		return nil
	}
	e := newError(w.r.o.Dest, code, &w.out.diag)
	idle := w.out.res.Changed == 0 && w.out.res.DeletedCount == 0
	switch cause := context.Cause(ctx); {
	case cause != nil:
		e.Class, e.Remedy, e.Err = Killed, "", cause
		return e
	case silent:
		return fmt.Errorf("%w: %w", ErrNoProgress, e)
	case idle && code != ExitPartial && code != ExitVanished:
		// The cold run that follows says what is wrong with the target, if anything is.
		return fmt.Errorf("%w: %w", ErrWarmDead, e)
	}
	if code.doubtful() {
		w.r.doubt()
	}
	return e
}

// Dead is closed when its process has ended. A connection that died is usually noticed only when
// the list is given.
func (w *Warm) Dead() <-chan struct{} { return w.p.ended }

// Close ends it, in whatever state, and waits. An idle one is ended by SIGTERM and not by an
// empty list: that would be a run like any other, with four lines in the daemon's log and its
// pre-xfer and post-xfer commands, and would wait for a peer that may be gone.
func (w *Warm) Close() {
	w.p.stop()
	<-w.p.ended
	w.unbind()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used = true
	w.closePipeLocked() // after the end of the process: end of file is the end of a list
}

func (w *Warm) gone() bool {
	select {
	case <-w.p.ended:
		return true
	default:
		return false
	}
}

func (w *Warm) closePipeLocked() {
	if w.pipe != nil {
		w.pipe.Close()
		w.pipe = nil
	}
}
