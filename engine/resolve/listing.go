package resolve

import (
	"slices"
	"strings"

	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

// listing resolves the Listing of a real directory.
func (p *pass) listing(d *task.Debt) {
	if m := p.absentBelow(d.Path); m != "" && !p.leadsTo(d.Path, m) {
		p.pause(d, m)
		return
	}
	sv := p.survey(d.Path, surveyOptions{level: true, since: p.changedSince(d)})
	if sv.err != nil && sv.failed == d.Path {
		// rsync would report an I/O error and skip every deletion of its run.
		p.fail(*d, sv.err)
		return
	}
	if len(sv.changed) > p.opts.MaxFiles {
		large := *d
		large.What, large.Class = task.Content|task.Large, task.ClassBulk
		p.back(large)
		sv.changed = nil
	}
	p.take(d, sv, func(name string) bool { return parentOf(name) == d.Path })
	p.lines = append(p.lines, line{path: d.Path, level: true, dir: true, claim: task.Listing})
	p.pay(d)
}

// changedSince returns the ctime from which on files below d are owed their content; 0: none are.
func (p *pass) changedSince(d *task.Debt) int64 {
	if d.What&task.Content == 0 {
		return 0
	}
	since := d.Since
	if p.opts.Owed != nil {
		if oldest := p.opts.Owed(); oldest > 0 {
			since = min(since, oldest)
		}
	}
	return max(since-int64(p.opts.Margin), 1)
}

// take makes debts of what a directory has that its run by the quick check cannot do, and counts
// the rest. inside tells the names that the run covers.
func (p *pass) take(d *task.Debt, sv *survey, inside func(string) bool) {
	p.plan.Files += int64(sv.files)
	p.plan.Bytes += sv.bytes
	slices.Sort(sv.changed) // the walk has no order
	slices.SortFunc(sv.large, func(a, b found) int { return strings.Compare(a.path, b.path) })
	entry := task.Debt{Scope: task.Entry, Origin: d.Origin, Class: d.Class, Since: d.Since, Seq: d.Seq}
	for _, path := range sv.changed {
		entry.Path, entry.What = path, task.Content
		if p.kind == task.KindTree {
			p.plan.Carried = append(p.plan.Carried, entry)
		} else {
			p.back(entry)
		}
	}
	entry.Class = task.ClassBulk
	for _, f := range sv.large {
		entry.Path, entry.What = f.path, task.Attr|task.Large
		if f.changed {
			entry.What |= task.Content
		}
		p.back(entry)
		p.plan.MaxSize = p.opts.LargeFile
	}
	for _, l := range sv.linked {
		p.groupOutside(l, inside)
	}
}

// leadsTo reports whether the entry of dir that leads to the absent mount is still a directory. If
// it is gone, a run of the Listing would delete the replica of what was mounted.
func (p *pass) leadsTo(dir, mount string) bool {
	name := strings.TrimPrefix(mount[len(dir):], "/")
	name, _, _ = strings.Cut(name, "/")
	child := join(dir, name)
	top, st, err := p.looker.Look(child)
	return err == nil && top == child && st.Kind == scan.KindDir
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
