package resolve

import (
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

// inode names a file of which there are several names.
type inode struct{ dev, ino uint64 }

// linked is a name of a file that has others.
type linked struct {
	inode
	nlink uint32
	path  string
}

// group lists the other names of the file at path, each claimed: on disjoint runs the target would
// end with separate files, and a change through one name leaves the others stale.
func (p *pass) group(path string, st *scan.Stat) {
	p.groupOutside(linked{inode{st.Dev, st.Ino}, st.Nlink, path}, func(name string) bool {
		return name == path
	})
}

// groupOutside lists the names of a file but those that are listed otherwise.
func (p *pass) groupOutside(l linked, inside func(string) bool) {
	if p.opts.Links == nil || p.groups[l.inode] {
		return
	}
	if p.groups == nil {
		p.groups = make(map[inode]bool)
		p.links = p.opts.Root.Looker(p.opts.CrossMounts)
	}
	p.groups[l.inode] = true
	for _, name := range p.opts.Links.Names(l.path, l.dev, l.ino, l.nlink) {
		if !p.opts.HardLinks || inside(name) || p.opts.Filter != nil && p.opts.Filter.ExcludedTree(name, false) {
			continue
		}
		// The index may be late: what is not this file any more has, or will have, its own debt, and
		// listing a name that is gone would delete it.
		top, st, err := p.links.Look(name)
		if err == nil && top == name && st.Kind == scan.KindFile && st.Dev == l.dev && st.Ino == l.ino {
			p.add(line{path: name, claim: task.Entry}, 0)
		}
	}
}
