package deliver

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// looker resolves against a world. With noise it gives debts back for all the reasons there are.
type looker struct {
	w     *world
	noise atomic.Bool
	gone  atomic.Bool
}

func (l *looker) Resolve(ctx context.Context, kind task.Kind, debts []task.Debt) (*task.Plan, error) {
	if l.noise.Load() && l.w.chance(20) {
		if !pause(ctx, time.Duration(l.w.intn(200))*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
	if l.gone.Load() {
		return nil, fmt.Errorf("look at root: %w", ErrPaused)
	}
	p := &task.Plan{Kind: kind}
	seen := make(map[string]bool)
	for _, d := range debts {
		l.one(p, d, seen)
	}
	return p, nil
}

func (l *looker) one(p *task.Plan, d task.Debt, seen map[string]bool) {
	split := l.noise.Load() && l.w.chance(30)
	open := l.noise.Load() && l.w.chance(10)
	large := l.noise.Load() && l.w.chance(10)
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	top, n, ok := l.w.look(d.Path)
	exact := ok && top == d.Path
	switch {
	case exact && n.dir && d.Scope != task.Entry && d.What&task.Content != 0:
		// Content of unknown files: those that changed since become debts of their own.
		for _, file := range below(l.w.src, d.Path) {
			dir, _ := parentOf(file)
			if f := l.w.src[file]; !f.dir && l.w.ctime[file] >= d.Since && (d.Scope == task.Subtree || dir == d.Path) {
				back := task.Debt{Path: file, What: task.Content, Origin: d.Origin, Class: d.Class, Since: d.Since, Seq: d.Seq}
				p.Back = append(p.Back, task.Waiting{Debt: back})
			}
		}
		if split && d.Scope == task.Subtree {
			l.split(p, d)
			return
		}
	case exact && n.dir && d.Scope == task.Subtree && split:
		l.split(p, d)
		return
	case exact && !n.dir && d.What&task.Content != 0 && open:
		p.Back = append(p.Back, task.Waiting{
			Debt: d, Reason: task.Open, NotBefore: time.Now().Add(3 * time.Second), Why: "a writer has it",
		})
		return
	case exact && !n.dir && d.What&task.Content != 0 && d.What&task.Large == 0 && large:
		d.What |= task.Large
		d.Class = task.ClassBulk
		p.Back = append(p.Back, task.Waiting{Debt: d})
		return
	}
	p.Paid = append(p.Paid, d)
	p.Origin, p.Class = max(p.Origin, d.Origin), max(p.Class, d.Class)
	level := exact && n.dir && d.Scope == task.Listing
	if at := fmt.Sprint(top, level); !seen[at] {
		seen[at] = true
		p.Items = append(p.Items, task.Item{Path: top, Missing: !ok, Dir: ok && n.dir, Level: level})
		if !ok {
			p.Deletes++
			p.MayDeleteBelow = p.MayDeleteBelow || d.What&task.WasDir != 0 || top != d.Path
		}
	}
}

// split gives a Subtree back as a listing of itself and a Subtree of each directory in it.
func (l *looker) split(p *task.Plan, d task.Debt) {
	d.What &^= task.Content
	for _, path := range below(l.w.src, d.Path) {
		if dir, ok := parentOf(path); ok && path != d.Path && dir == d.Path && l.w.src[path].dir {
			child := d
			child.Path = path
			p.Back = append(p.Back, task.Waiting{Debt: child})
		}
	}
	d.Scope = task.Listing
	p.Back = append(p.Back, task.Waiting{Debt: d})
}

// look returns the topmost prefix of path that is not a directory, or path.
func (w *world) look(path string) (top string, n node, ok bool) {
	for i := 0; i <= len(path); i++ {
		if i == len(path) || path[i] == '/' {
			top = path[:i]
			if n, ok = w.src[top]; !ok || !n.dir {
				return top, n, ok
			}
		}
	}
	return top, n, ok
}

// pause lets time pass; false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
