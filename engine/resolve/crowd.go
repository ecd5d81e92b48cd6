package resolve

import (
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

const (
	// crowdMin is the least number of owed names that is worth a look at their directory.
	crowdMin = 100
	// crowdShare: one entry of a Listing that has not changed costs a seventh of a listed one.
	crowdShare = 7
)

// crowd turns the owed names of a directory into a Listing of it where they are more than a
// seventh of its entries.
func (p *pass) crowd() {
	if len(p.lines) < crowdMin {
		return
	}
	owed := make(map[string]int)
	for i := range p.lines {
		if l := &p.lines[i]; l.path != "" && !l.level {
			owed[parentOf(l.path)]++
		}
	}
	listed := make(map[string]bool)
	for dir, n := range owed {
		if n >= crowdMin && p.absentBelow(dir) == "" && p.sparse(dir, n*crowdShare) {
			listed[dir] = true
		}
	}
	if len(listed) == 0 {
		return
	}
	kept := p.lines[:0]
	for _, l := range p.lines {
		if l.path == "" || l.level || !listed[parentOf(l.path)] {
			kept = append(kept, l)
		} else if l.missing {
			p.plan.Deletes++
			p.plan.MayDeleteBelow = p.plan.MayDeleteBelow || l.below
		}
	}
	p.lines = kept
	for dir := range listed {
		p.lines = append(p.lines, line{path: dir, level: true, dir: true, claim: task.Listing})
	}
	p.order()
}

// sparse reports whether dir is a readable directory with less than limit entries, none of them a
// large file. If so, it lists the names elsewhere of the files in it.
func (p *pass) sparse(dir string, limit int) bool {
	if top, st, err := p.looker.Look(dir); err != nil || top != dir || st.Kind != scan.KindDir {
		return false
	}
	sv := p.survey(dir, surveyOptions{level: true, maxFiles: limit - 1})
	if sv.err != nil || sv.over || len(sv.large) > 0 {
		return false
	}
	for _, l := range sv.linked {
		p.groupOutside(l, func(name string) bool { return parentOf(name) == dir })
	}
	return true
}
