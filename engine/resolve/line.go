package resolve

import (
	"slices"

	"github.com/sersync/sersync/engine/task"
)

// line is one item of the list in the making, with its footprint.
type line struct {
	path    string
	claim   task.Scope
	level   bool // the directory and its own entries
	dir     bool // a real directory
	missing bool
	below   bool // missing, and the target may have a directory there
}

// tree reports that the line stands for everything below it.
func (l *line) tree() bool { return l.dir && l.claim == task.Subtree }

// absorbs reports whether other, which lies below l, must not be listed, or need not be.
func (l *line) absorbs(other *line) bool {
	switch {
	case !l.dir || l.tree():
		return true
	case l.level:
		return !other.missing && !other.level && parentOf(other.path) == l.path
	}
	return false
}

// merge joins two lines of one path, of which later was looked at later.
func (l *line) merge(later *line) {
	if l.dir != later.dir {
		*l = *later
		return
	}
	l.claim = max(l.claim, later.claim)
	l.level = l.level || later.level
	l.missing = later.missing
	l.below = l.below || later.below
}

// add appends a line and counts what it costs.
func (p *pass) add(l line, bytes int64) {
	p.lines = append(p.lines, l)
	p.plan.Files++
	p.plan.Bytes += bytes
}

// finish turns the lines into the plan's list.
func (p *pass) finish() *task.Plan {
	if !p.stopped {
		p.r.stopAt(p.kind, "")
	}
	p.order()
	if p.kind == task.KindQuick && p.opts.MayList != nil && p.opts.MayList() {
		p.crowd()
	}
	if p.kind == task.KindContent && len(p.lines) >= fillMin {
		p.fill()
	}
	p.prune()
	p.carry()
	plan := p.plan
	if p.kind == task.KindLarge {
		plan.Class = task.ClassBulk
	}
	plan.Items = make([]task.Item, len(p.lines))
	plan.Claims = make([]task.Claim, len(p.lines))
	for i := range p.lines {
		l := &p.lines[i]
		plan.Items[i] = task.Item{Path: l.path, Level: l.level, Missing: l.missing, Dir: l.dir}
		plan.Claims[i] = task.Claim{Path: l.path, Scope: l.claim}
		if l.missing {
			plan.Deletes++
			plan.MayDeleteBelow = plan.MayDeleteBelow || l.below
		}
	}
	return plan
}

// order sorts the lines. They come sorted unless the pass began in the middle, names of one file
// were added, or the tree changed under it. Of two lines of a path the later look stays last.
func (p *pass) order() {
	byPath := func(a, b line) int { return comparePaths(a.path, b.path) }
	if !slices.IsSortedFunc(p.lines, byPath) {
		slices.SortStableFunc(p.lines, byPath)
	}
}

// prune drops lines that must not be listed since they are below what is no directory, and those
// that another line stands for.
func (p *pass) prune() {
	var above []int // positions in kept of the lines at or above the one in hand
	kept := p.lines[:0]
	for _, l := range p.lines {
		for len(above) > 0 && !covers(kept[above[len(above)-1]].path, l.path) {
			above = above[:len(above)-1]
		}
		if len(above) > 0 {
			last := &kept[above[len(above)-1]]
			if last.path == l.path {
				last.merge(&l)
				continue
			}
			if last.absorbs(&l) {
				continue
			}
		}
		above = append(above, len(kept))
		kept = append(kept, l)
	}
	p.lines = kept
}
