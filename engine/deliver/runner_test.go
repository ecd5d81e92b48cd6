package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// mover is a Runner that does plans on a world: it lists, waits, writes, and sets the attributes of
// directories at its end to what it had listed, as rsync does.
type mover struct {
	w     *world
	noise atomic.Bool // runs fail in all ways
	late  bool        // and their receivers may finish late

	mu    sync.Mutex
	under []*footprint
	wrong error // two runs overlapped
}

func (m *mover) Run(ctx context.Context, p *task.Plan, b guard.Budget) (Result, error) {
	defer m.enter(p)()
	if m.noise.Load() && m.w.chance(10) {
		return Result{Code: 10}, &RunError{Class: ClassUnreachable, Err: errors.New("connection refused")}
	}
	mv := &move{w: m.w, p: p, b: b, listed: make(map[string]node)}
	mv.list()
	for range 1 + m.w.intn(3) {
		if !pause(ctx, time.Duration(1+m.w.intn(60))*time.Millisecond) {
			return Result{Code: 20}, &RunError{Class: ClassKilled, Err: ctx.Err()}
		}
	}
	cut := len(p.Items)
	if m.noise.Load() && m.w.chance(15) {
		cut = m.w.intn(cut + 1)
	}
	cut = min(cut, mv.write(p.Items[:cut]))
	if !pause(ctx, time.Duration(1+m.w.intn(60))*time.Millisecond) {
		return Result{Code: 20}, &RunError{Class: ClassKilled, Err: ctx.Err()}
	}
	mv.finish()
	return mv.end(m, cut)
}

// enter checks that no other run under way writes what p does.
func (m *mover) enter(p *task.Plan) (leave func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := ofPlan(p)
	for _, other := range m.under {
		for _, a := range f.claims {
			for _, b := range other.claims {
				if overlap(a, b) && m.wrong == nil {
					m.wrong = fmt.Errorf("%+v overlaps %+v", a, b)
				}
			}
		}
	}
	m.under = append(m.under, f)
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.under = slices.DeleteFunc(m.under, func(g *footprint) bool { return g == f })
	}
}

// Warm begins a run that dies while it is idle, stalls with its list, or does it.
func (m *mover) Warm(_ context.Context, b guard.Budget) (Warm, error) {
	w := &warmMove{m: m, b: b, dead: make(chan struct{})}
	if m.noise.Load() && m.w.chance(20) {
		close(w.dead)
	}
	return w, nil
}

type warmMove struct {
	m    *mover
	b    guard.Budget
	dead chan struct{}
}

func (w *warmMove) Dead() <-chan struct{} { return w.dead }
func (w *warmMove) Close() error          { return nil }

func (w *warmMove) Run(ctx context.Context, p *task.Plan, _ func()) (Result, error) {
	if w.m.noise.Load() && w.m.w.chance(10) {
		<-ctx.Done()
		return Result{Code: -1}, &RunError{Class: ClassKilled, Err: ctx.Err()}
	}
	return w.m.Run(ctx, p, w.b)
}

// move is one run of a mover.
type move struct {
	w      *world
	p      *task.Plan
	b      guard.Budget
	listed map[string]node // directories whose attributes are set at the end
	full   string          // the path at which the target was full
	res    Result
}

// list notes the attributes of all directories that the run will send.
func (v *move) list() {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	note := func(path string) {
		if n, ok := v.w.src[path]; ok && n.dir {
			v.listed[path] = n
		}
	}
	for _, item := range v.p.Items {
		for dir, ok := parentOf(item.Path); ok; dir, ok = parentOf(dir) {
			note(dir)
		}
		note(item.Path)
		if !item.Level && v.p.Kind != task.KindTree {
			continue
		}
		for _, path := range below(v.w.src, item.Path) {
			dir, _ := parentOf(path)
			if v.p.Kind == task.KindTree || dir == item.Path {
				note(path)
			}
		}
	}
}

// write does items until the target is full, and returns how many it did.
func (v *move) write(items []task.Item) int {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	for i, item := range items {
		if v.full != "" {
			return i - 1
		}
		switch {
		case v.w.broken[item.Path]:
			v.fail(item.Path, false)
		case item.Missing:
			v.delete(item.Path)
		case !item.Dir:
			v.file(item.Path)
		default:
			v.dir(item)
		}
	}
	if v.full != "" {
		return len(items) - 1
	}
	return len(items)
}

func (v *move) dir(item task.Item) {
	tree := v.p.Kind == task.KindTree
	if n, ok := v.w.src[item.Path]; !ok || !n.dir {
		v.fail(item.Path, true)
		return
	}
	v.parents(item.Path)
	if n := v.w.dst[item.Path]; !n.dir {
		v.w.dst[item.Path] = node{dir: true}
	}
	if !tree && !item.Level {
		return
	}
	reach := func(path string) bool {
		dir, _ := parentOf(path)
		return path != item.Path && within(path, item.Path) && (tree || dir == item.Path)
	}
	for _, path := range below(v.w.src, item.Path) {
		switch {
		case !reach(path):
		case v.w.src[path].dir:
			if old, ok := v.w.dst[path]; ok && !old.dir {
				v.w.dst[path] = node{dir: true}
			}
			if _, listed := v.listed[path]; listed || tree {
				v.parents(path)
				if !v.w.dst[path].dir {
					v.w.dst[path] = node{dir: true}
				}
			}
		case v.w.broken[path]:
			v.fail(path, false)
		default:
			v.file(path)
		}
	}
	for _, path := range below(v.w.dst, item.Path) {
		if _, ok := v.w.src[path]; !ok && reach(path) {
			if _, still := v.w.dst[path]; still {
				v.delete(path)
			}
		}
	}
}

// parents makes the implied parents of path.
func (v *move) parents(path string) {
	for dir, ok := parentOf(path); ok; dir, ok = parentOf(dir) {
		if n, there := v.w.dst[dir]; !there || !n.dir {
			v.w.dst[dir] = node{dir: true}
		}
	}
}

// file sends one file: always with content, else if the quick check sees a difference.
func (v *move) file(path string) {
	n, ok := v.w.src[path]
	if !ok || n.dir {
		v.fail(path, true)
		return
	}
	if v.full != "" {
		return
	}
	old, there := v.w.dst[path]
	if v.w.large[path] && (!there || v.content() || old.stamp != n.stamp) {
		v.full = path
		return
	}
	v.parents(path)
	if there && old.dir {
		for _, p := range below(v.w.dst, path) {
			delete(v.w.dst, p)
		}
	}
	if !v.content() && there && !old.dir && old.stamp == n.stamp {
		n.bytes = old.bytes
	} else {
		v.res.Sent++
		v.res.Transferred = append(v.res.Transferred, path)
	}
	v.w.dst[path] = n
}

func (v *move) content() bool { return v.p.Kind == task.KindContent || v.p.Kind == task.KindLarge }

// verify names what is still different, as a dry run of the same list does.
func (v *move) verify() {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	v.res.Failed, v.res.FailedKnown = nil, true
	paths := make(map[string]bool)
	for p := range v.w.src {
		paths[p] = true
	}
	for p := range v.w.dst {
		paths[p] = true
	}
	gone := 0
	for path := range paths {
		from, at := v.w.src[path]
		to, there := v.w.dst[path]
		if from.dir {
			from.bytes, from.stamp = 0, 0
		}
		if to.dir {
			to.bytes, to.stamp = 0, 0
		}
		if !v.content() && from.stamp == to.stamp {
			to.bytes = from.bytes // the quick check
		}
		switch deletes, reached := v.reached(path); {
		case !reached || at == there && from == to || !at && !deletes:
			continue
		case !at && v.b.Max >= 0 && v.res.Deleted+gone >= v.b.Max:
			v.res.Left++
			continue
		case !at:
			gone++
		}
		f := PathFailure{Path: path}
		if path == v.full {
			f.Why = "no space left"
		}
		v.res.Failed = append(v.res.Failed, f)
	}
}

// reached reports whether the run compares path, and whether it deletes it if it is extra.
func (v *move) reached(path string) (deletes, reached bool) {
	dir, _ := parentOf(path)
	for _, item := range v.p.Items {
		switch {
		case item.Path == path, item.Missing && within(path, item.Path):
			return item.Missing || v.p.Kind == task.KindTree, true
		case item.Level && dir == item.Path, item.Dir && v.p.Kind == task.KindTree && within(path, item.Path):
			deletes, reached = true, true
		}
	}
	return deletes, reached
}

func (v *move) delete(path string) {
	if _, ok := v.w.src[path]; ok {
		v.fail(path, true)
		return
	}
	names := below(v.w.dst, path)
	if len(names) == 0 {
		return
	}
	if !v.b.Delete {
		return
	}
	if v.b.Max >= 0 && v.res.Deleted+len(names) > v.b.Max {
		v.res.Left += len(names)
		return
	}
	v.res.Deleted += len(names)
	for _, p := range names {
		delete(v.w.dst, p)
	}
}

func (v *move) fail(path string, vanished bool) {
	v.res.Failed = append(v.res.Failed, PathFailure{Path: path, Vanished: vanished, Why: "cannot do " + path})
}

// finish sets the attributes of directories to what was listed.
func (v *move) finish() {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	for path, n := range v.listed {
		if now, ok := v.w.dst[path]; ok && now.dir {
			now.attr = n.attr
			v.w.dst[path] = now
		}
	}
}

// end says how the run went; cut is how many items were done.
func (v *move) end(m *mover, cut int) (Result, error) {
	v.res.FailedKnown = !m.noise.Load() || m.w.chance(50)
	switch {
	case v.full != "":
		if v.res.FailedKnown {
			v.verify()
		}
		return v.res, &RunError{Class: ClassDiskFull, Err: fmt.Errorf("write %s: no space left", v.full)}
	case cut < len(v.p.Items):
		class := []Class{ClassDiskFull, ClassUnreachable, ClassUnknown}[m.w.intn(3)]
		if m.late && m.w.chance(50) {
			class = ClassKilled
		}
		if class == ClassDiskFull && v.res.FailedKnown {
			v.verify()
		}
		return v.res, &RunError{Class: class, Begun: m.late, Err: fmt.Errorf("run broke: %v", class)}
	case len(v.res.Failed) == 0:
		return v.res, nil
	}
	class := ClassVanished
	for _, f := range v.res.Failed {
		if !f.Vanished {
			class = ClassPartial
		}
	}
	if !v.res.FailedKnown {
		v.res.Failed = nil
	}
	return v.res, &RunError{Class: class, Err: fmt.Errorf("some paths: %v", class)}
}
