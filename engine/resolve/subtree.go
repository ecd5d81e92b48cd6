package resolve

import (
	"slices"

	"github.com/sersync/sersync/engine/task"
)

// maxChildren is the most Subtrees that one Subtree becomes. Beyond it, it runs in one piece: the
// queue would collapse the debts to what they came from.
const maxChildren = 10_000

// subtree resolves the Subtree of a real directory.
func (p *pass) subtree(d *task.Debt) {
	if p.below(d.Path) {
		p.absorb(d)
		return
	}
	if p.absentBelow(d.Path) != "" {
		if !p.split(d) {
			p.pause(d, p.absentBelow(d.Path))
		}
		return
	}
	o := surveyOptions{maxFiles: p.maxFiles, maxBytes: p.maxBytes, since: p.changedSince(d)}
	sv := p.survey(d.Path, o)
	switch {
	case sv.err != nil && sv.failed == d.Path:
		p.fail(*d, sv.err)
		return
	case (sv.over || sv.err != nil) && p.split(d):
		return
	case sv.over:
		// It cannot be split, so all of it has to be known.
		o.maxFiles, o.maxBytes = 0, 0
		sv = p.survey(d.Path, o)
	}
	if len(sv.changed) > p.opts.MaxFiles && !sv.dirs {
		large := *d
		large.Scope, large.What = task.Listing, task.Content|task.Large
		large.Class = task.ClassBulk
		p.back(large)
		sv.changed = nil
	}
	p.take(d, sv, func(name string) bool { return covers(d.Path, name) })
	p.lines = append(p.lines, line{path: d.Path, dir: true, claim: task.Subtree})
	p.pay(d)
}

// absorb pays a Subtree below another one of the run. That one need not be owed content.
func (p *pass) absorb(d *task.Debt) {
	if since := p.changedSince(d); since > 0 {
		sv := p.survey(d.Path, surveyOptions{since: since})
		sv.files, sv.bytes, sv.linked = 0, 0, nil // counted and listed with the other
		p.take(d, sv, nil)
	}
	p.pay(d)
}

// below reports whether the line before stands for path.
func (p *pass) below(path string) bool {
	for i := len(p.lines) - 1; i >= 0; i-- {
		if l := &p.lines[i]; l.tree() {
			return covers(l.path, path)
		}
	}
	return false
}

// split gives a Subtree back as the Listing of its directory and a Subtree of each child, so that
// each fits into a run, or what cannot be read stands alone: one unreadable directory stops all
// deletions of its run. It reports false if there is nothing to split, or too much.
func (p *pass) split(d *task.Debt) bool {
	paths, ok := p.children(d.Path, maxChildren)
	if !ok || len(paths) == 0 {
		return false
	}
	slices.Sort(paths)
	part := *d
	part.What &= task.Content
	part.Scope = task.Listing
	p.back(part)
	part.Scope = task.Subtree
	for _, path := range paths {
		part.Path = path
		p.back(part)
	}
	return true
}

// carry sorts out the content debts that came with a tree run.
func (p *pass) carry() {
	for _, d := range p.carried {
		i, found := slices.BinarySearchFunc(p.lines, d.Path, func(l line, path string) int {
			return comparePaths(l.path, path)
		})
		if !found {
			i--
		}
		// Lines of trees do not nest, so only a file listed as another name can stand between.
		for i >= 0 && !p.lines[i].tree() && !found {
			i--
		}
		if i >= 0 && p.lines[i].tree() && covers(p.lines[i].path, d.Path) {
			p.plan.Carried = append(p.plan.Carried, *d)
			continue
		}
		p.back(*d)
	}
}
