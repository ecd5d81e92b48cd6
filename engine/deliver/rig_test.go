package deliver

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// rig is a target in a synctest bubble whose source is exactly as the debts say, and whose runs the
// test answers.
type rig struct {
	*Target
	t       *testing.T
	cancel  context.CancelFunc
	ended   chan struct{}
	log     *lines
	started time.Time

	mu   sync.Mutex
	seq  uint64
	runs []ran
}

// ran is one run that the rig has seen.
type ran struct {
	at    time.Duration // since the start
	plan  *task.Plan
	b     guard.Budget
	paths string
}

type answer func(ctx context.Context, n int, p *task.Plan, b guard.Budget) (Result, error)

// bubble runs f with a target whose n-th run is answered by a; nil: all succeed.
func bubble(t *testing.T, o Options, a answer, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, log: &lines{}, ended: make(chan struct{}), started: time.Now()}
		if o.Resolver == nil {
			o.Resolver = echo{}
		}
		if o.Guard == nil {
			o.Guard = guard.New(guard.Options{Contact: guard.Clean})
		}
		o.Log = slog.New(slog.NewTextHandler(r.log, nil))
		cold := coldFunc(func(ctx context.Context, p *task.Plan, b guard.Budget) (Result, error) {
			n := r.note(p, b)
			if a == nil {
				return Result{}, nil
			}
			return a(ctx, n, p, b)
		})
		if w, ok := o.Runner.(*warmth); ok {
			w.coldFunc, w.r = cold, r
		} else {
			o.Runner = cold
		}
		r.Target = New(o)
		ctx, cancel := context.WithCancel(t.Context())
		r.cancel = cancel
		go func() {
			defer close(r.ended)
			if err := r.Run(ctx); err != nil {
				t.Errorf("Run: %v", err)
			}
		}()
		f(r)
		cancel()
		<-r.ended
	})
}

func (r *rig) note(p *task.Plan, b guard.Budget) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var paths []string
	for _, item := range p.Items {
		paths = append(paths, item.Path)
	}
	r.runs = append(r.runs, ran{time.Since(r.started), p, b, strings.Join(paths, " ")})
	return len(r.runs)
}

func (r *rig) seen() []ran {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]ran(nil), r.runs...)
}

// owe adds a debt for each path.
func (r *rig) owe(what task.What, scope task.Scope, class task.Class, paths ...string) {
	var debts []task.Debt
	for _, path := range paths {
		r.seq++
		d := task.Debt{Path: path, Scope: scope, What: what, Class: class, Since: time.Now().UnixNano(), Seq: r.seq}
		if scope != task.Entry {
			d.Origin = task.Recovery
		}
		debts = append(debts, d)
	}
	r.Add(debts)
}

func (r *rig) content(paths ...string) { r.owe(task.Content, task.Entry, task.ClassLive, paths...) }

// sleep lets time pass, and all that happens in it.
func (r *rig) sleep(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// paid waits until nothing is owed.
func (r *rig) paid() {
	r.t.Helper()
	ctx, stop := context.WithTimeout(r.t.Context(), time.Hour)
	defer stop()
	if err := r.Wait(ctx, func(s Stats) bool { return s.Owed == 0 && s.Running == 0 }); err != nil {
		r.t.Fatalf("still owed after an hour: %+v\n%+v", r.Stats(), r.Queue().Waiting(10))
	}
	synctest.Wait()
}

// quiet fails unless no timer of the target runs.
func (r *rig) quiet() {
	r.t.Helper()
	synctest.Wait()
	if b, again := r.take(time.Now()); b != nil || !again.IsZero() {
		r.t.Errorf("at idle something is to happen at %v", again)
	}
}

// coldFunc is a Runner without warm runs.
type coldFunc func(context.Context, *task.Plan, guard.Budget) (Result, error)

func (f coldFunc) Run(ctx context.Context, p *task.Plan, b guard.Budget) (Result, error) {
	return f(ctx, p, b)
}

// echo plans exactly what is owed. A name that left is missing.
type echo struct{}

func (echo) Resolve(_ context.Context, kind task.Kind, debts []task.Debt) (*task.Plan, error) {
	p := &task.Plan{Kind: kind, Paid: debts}
	for _, d := range debts {
		item := task.Item{Path: d.Path, Dir: d.Scope != task.Entry, Level: d.Scope == task.Listing}
		if item.Missing = d.Scope == task.Entry && d.What&task.Left != 0; item.Missing {
			p.Deletes++
		}
		p.MayDeleteBelow = p.MayDeleteBelow || d.What&task.WasDir != 0
		p.Items = append(p.Items, item)
		p.Origin = max(p.Origin, d.Origin)
	}
	return p, nil
}

// lines collects a log.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), text)
}

func failure(c Class) error { return &RunError{Class: c, Err: &RunError{Class: c, Err: errText(c)}} }

type errText Class

func (e errText) Error() string { return "run failed: " + Class(e).String() }
