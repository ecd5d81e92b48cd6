package track

import (
	"github.com/sersync/sersync/engine/dirty"
	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern"
)

// pathBuilder turns the names of a batch into debts with paths. All paths of a batch share one
// string, so that a name costs a copy of its bytes and no allocation.
type pathBuilder struct {
	slab  []byte
	spans []span

	// Of the directory that was looked at last: the names of a batch come in runs.
	dir     kern.DirID
	prefix  int // slab[at:at+prefix] is its path with the slash
	at      int
	tree    int
	ok      bool
	foreign bool // it is excluded, or below something that is
}

// span is one debt whose path is still a piece of the slab.
type span struct {
	tree       int
	start, end int
	mark       dirty.Mark
	since      int64
	seq        uint64
}

// build appends the debts of the batch to out, by tree.
func (p *pathBuilder) build(t *Tracker, b *dirty.Batch, out [][]task.Debt) {
	p.slab, p.spans = p.slab[:0], p.spans[:0]
	p.dir, p.ok = kern.NoDir, false
	for i := range b.Len() {
		c := b.At(i)
		p.add(t, c)
		for _, n := range t.links.spread(c) {
			other := c
			other.Dir, other.Name = n.dir, []byte(n.name)
			other.Mark = dirty.Entry | dirty.Mark(c.Mark.What()&(task.Content|task.Attr|task.Writing))
			p.add(t, other)
		}
	}
	paths := string(p.slab)
	for _, s := range p.spans {
		out[s.tree] = appendDebts(out[s.tree], paths[s.start:s.end], s)
	}
}

// add appends the path of one name.
func (p *pathBuilder) add(t *Tracker, c dirty.Changed) {
	if !p.enter(t, c.Dir) {
		t.stats.orphans.Add(1) // the name under which its directory left is dirty too
		return
	}
	start := len(p.slab)
	if len(c.Name) > 0 {
		p.slab = append(p.slab, p.slab[p.at:p.at+p.prefix]...)
		p.slab = append(p.slab, c.Name...)
	} else {
		p.slab = append(p.slab, p.slab[p.at:p.at+max(p.prefix-1, 0)]...)
	}
	isDir := c.Mark&(dirty.Subtree|dirty.Listing|dirty.Mark(task.WasDir)) != 0
	if p.foreign || excluded(t.opts.Trees[p.tree].Rules, p.slab[start:], isDir) {
		t.stats.excluded.Add(1)
		return
	}
	p.spans = append(p.spans, span{p.tree, start, len(p.slab), c.Mark, c.Since, c.Seq})
}

// enter makes dir the current directory and reports whether it is in a tree.
func (p *pathBuilder) enter(t *Tracker, dir kern.DirID) bool {
	if dir == p.dir {
		return p.ok
	}
	p.dir, p.at = dir, len(p.slab)
	p.slab, p.tree, p.ok = t.table.AppendPath(p.slab, dir)
	if !p.ok {
		p.slab = p.slab[:p.at]
		return false
	}
	path := p.slab[p.at:]
	rules := t.opts.Trees[p.tree].Rules
	p.foreign = len(path) > 0 && !rules.Empty() && rules.ExcludedTree(string(path), true)
	if len(path) > 0 {
		p.slab = append(p.slab, '/')
	}
	p.prefix = len(p.slab) - p.at
	return true
}

func excluded(r *filter.Rules, path []byte, isDir bool) bool {
	return len(path) > 0 && !r.Empty() && r.Excluded(path, isDir)
}

func appendDebts(to []task.Debt, path string, s span) []task.Debt {
	d := task.Debt{Path: path, Since: s.since, Seq: s.seq}
	// The Subtree of what was a directory says all that its Entry does, in one run instead of two.
	if s.mark&dirty.Entry != 0 && (s.mark&dirty.Subtree == 0 || s.mark.What()&task.WasDir == 0) {
		d.Scope, d.What = task.Entry, s.mark.What()
		to = append(to, d)
	}
	if s.mark&dirty.Listing != 0 {
		d.Scope, d.What = task.Listing, 0
		to = append(to, d)
	}
	if s.mark&dirty.Subtree != 0 {
		d.Scope, d.What = task.Subtree, s.mark.What()&(task.Left|task.WasDir|task.Content)
		to = append(to, d)
	}
	return to
}
