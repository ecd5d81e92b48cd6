package resolve

import (
	"context"
	"time"

	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

// pass is one Resolve under way.
type pass struct {
	ctx     context.Context // lives exactly as long as the call of Resolve
	opts    *Options
	r       *Resolver
	kind    task.Kind
	now     time.Time
	looker  *scan.Looker
	links   *scan.Looker // another, so that names elsewhere do not disturb the first one's stack
	absent  []string
	scratch []byte // a path

	maxFiles int
	maxBytes int64

	plan    *task.Plan
	lines   []line
	carried []*task.Debt   // content debts that came with a tree run
	groups  map[inode]bool // hard-linked files whose names are all listed already
	alone   bool           // nothing else may come into this run
	stopped bool           // it is full, and where has been noted
}

// checkEvery is how many debts are looked at between two looks at the context.
const checkEvery = 256

func newPass(ctx context.Context, r *Resolver, kind task.Kind, debts []task.Debt) *pass {
	p := &pass{
		ctx: ctx, opts: &r.opts, r: r, kind: kind, now: r.opts.Now(),
		looker: r.opts.Root.Looker(r.opts.CrossMounts),
		plan:   &task.Plan{RootFD: r.opts.Root.FD(), Kind: kind, Class: task.ClassBulk},
		lines:  make([]line, 0, min(len(debts), r.opts.MaxFiles)),
	}
	p.plan.Paid = make([]task.Debt, 0, len(debts))
	p.maxFiles, p.maxBytes = r.opts.limits(kind)
	if r.opts.AbsentMounts != nil {
		p.absent = r.opts.AbsentMounts()
	}
	p.plan.Origin = mostPermitting(kind, debts)
	return p
}

// mostPermitting returns the origin of the run. Deletions of different origins never share one,
// since the guard answers for the whole run.
func mostPermitting(kind task.Kind, debts []task.Debt) task.Origin {
	origin := task.Recovery
	for i := range debts {
		if task.KindOf(debts[i]) == kind {
			origin = min(origin, debts[i].Origin)
		}
	}
	return origin
}

// all looks at the debts in turn, cyclically from start, until the run is full.
func (p *pass) all(debts []task.Debt, start int) error {
	for i := range debts {
		at := start + i
		if at >= len(debts) {
			at -= len(debts)
		}
		d := &debts[at]
		if i%checkEvery == 0 && p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		switch {
		case p.kind == task.KindTree && task.KindOf(*d) == task.KindContent:
			p.carried = append(p.carried, d)
		case task.KindOf(*d) != p.kind || d.Origin != p.plan.Origin:
			p.back(*d)
		case p.full():
			p.stop(d)
			p.back(*d)
		default:
			p.one(d)
		}
	}
	return p.ctx.Err()
}

// stop remembers where the run was full.
func (p *pass) stop(d *task.Debt) {
	if !p.stopped {
		p.stopped = true
		p.r.stopAt(p.kind, d.Path)
	}
}

// full reports whether the run has all that it may have. Anything fits into an empty one.
func (p *pass) full() bool {
	switch {
	case len(p.lines) == 0:
		return false
	case p.kind == task.KindLarge:
		return p.alone || len(p.lines) >= largeTogether
	}
	return p.plan.Files >= int64(p.maxFiles) || p.plan.Bytes >= p.maxBytes
}

// one resolves one debt.
func (p *pass) one(d *task.Debt) {
	if m := p.absentAt(d.Path); m != "" {
		p.pause(d, m)
		return
	}
	top, st, err := p.looker.Look(d.Path)
	switch {
	case err != nil:
		p.fail(*d, err)
	case p.excluded(d, top, st.Kind):
		p.plan.Drop++
	case p.kind == task.KindLarge:
		p.large(d, top, &st)
	case st.Kind == scan.KindMissing:
		p.missing(d, top)
	case st.Kind == scan.KindMount && top != d.Path:
		p.plan.Drop++ // another filesystem: not ours
	case st.Kind == scan.KindMount:
		p.directory(d) // whatever the scope: nothing below it is sent or deleted
	case st.Kind != scan.KindDir:
		p.present(d, top, &st)
	case d.Scope == task.Entry:
		p.directory(d)
	case d.Scope == task.Listing:
		p.listing(d)
	default:
		p.subtree(d)
	}
}

// close releases the descriptors of the pass.
func (p *pass) close() {
	p.looker.Close()
	if p.links != nil {
		p.links.Close()
	}
}

// pay notes that a success of the run pays d.
func (p *pass) pay(d *task.Debt) {
	p.plan.Paid = append(p.plan.Paid, *d)
	p.plan.Class = min(p.plan.Class, d.Class)
}

// back gives a debt back, ready for another run.
func (p *pass) back(d task.Debt) {
	p.plan.Back = append(p.plan.Back, task.Waiting{Debt: d})
}

// fail gives a debt back that cannot be looked at.
func (p *pass) fail(d task.Debt, err error) {
	p.plan.Back = append(p.plan.Back, task.Waiting{Debt: d, Reason: task.Failed, Why: err.Error()})
}

// pause gives a debt back until the filesystem at mount is there again.
func (p *pass) pause(d *task.Debt, mount string) {
	p.plan.Back = append(p.plan.Back, task.Waiting{
		Debt: *d, Reason: task.Paused, Why: "not mounted: " + mount,
	})
}

// absentAt returns the absent mount at or below which path lies.
func (p *pass) absentAt(path string) string {
	for _, m := range p.absent {
		if covers(m, path) {
			return m
		}
	}
	return ""
}

// absentBelow returns an absent mount that lies below path.
func (p *pass) absentBelow(path string) string {
	for _, m := range p.absent {
		if covers(path, m) {
			return m
		}
	}
	return ""
}

// excluded reports whether a debt is about a name that is not mirrored. A missing name is excluded
// if it would be as the directory or as the file that it may have been: on the target it is then
// somebody else's.
func (p *pass) excluded(d *task.Debt, top string, kind scan.Kind) bool {
	f := p.opts.Filter
	if f == nil {
		return false
	}
	isDir := kind == scan.KindDir || kind == scan.KindMount
	if top != d.Path && f.ExcludedTree(d.Path, d.What&task.WasDir != 0) {
		return true
	}
	if kind == scan.KindMissing && mayHaveBeenDir(d, top) && f.ExcludedTree(top, true) {
		return true
	}
	return f.ExcludedTree(top, isDir)
}

// mayHaveBeenDir reports whether the target may have a directory where now nothing is.
func mayHaveBeenDir(d *task.Debt, top string) bool {
	return top != d.Path || d.Scope != task.Entry ||
		d.What&task.WasDir != 0 || d.What&task.Left == 0
}
