package resolve

import (
	"slices"

	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

const (
	// fillMin is the least number of owed names that is worth reading their directory.
	fillMin = 16
	// fillSpare bounds the entries of a directory that are not owed, and spareMax those of a run:
	// each is a rule that every name of the run is held against.
	fillSpare = 16
	spareMax  = 256
)

// fill lists a directory as a level where (nearly) all that is in it is owed its content, and hides
// the rest from the run. It says the same as the names one by one, for a tenth of the price: rsync
// reads a list byte by byte, with two system calls each, and rsync 3.5 opens each name's directories
// anew. The claim is the Listing: a name that appears meanwhile is sent too, and then no other run
// may be at it.
func (p *pass) fill() {
	p.looker.Reset()  // it sees a renamed directory at its old path
	var levels []line // apart: listed needs the lines in order
	for _, dir := range p.owedMuch() {
		spare, ok := p.spare(dir)
		if !ok || len(p.plan.Hide)+len(spare) > spareMax {
			continue
		}
		p.plan.Hide = append(p.plan.Hide, spare...)
		levels = append(levels, line{path: dir, level: true, dir: true, claim: task.Listing})
	}
	p.lines = append(p.lines, levels...)
	p.order()
}

// owedMuch returns the directories in which many files are owed and nothing else is. There is none
// in a run that may delete what it does not name: its deletions depend on every option.
func (p *pass) owedMuch() []string {
	owed := make(map[string]int)
	const never = -1 << 31
	for i := range p.lines {
		l := &p.lines[i]
		switch {
		case l.missing && l.below:
			return nil
		case l.missing || l.path == "":
		case l.dir || l.claim != task.Entry:
			owed[parentOf(l.path)] += never
		default:
			owed[parentOf(l.path)]++
		}
	}
	delete(owed, "") // the root's level has the root's own attributes with it
	var dirs []string
	for dir, n := range owed {
		if n >= fillMin {
			dirs = append(dirs, dir)
		}
	}
	slices.SortFunc(dirs, comparePaths[string])
	return dirs
}

// spare returns the entries of dir that are mirrored and not in the run; ok is false if they are too
// many, or dir could not be read.
func (p *pass) spare(dir string) (paths []string, ok bool) {
	if top, st, err := p.looker.Look(dir); err != nil || top != dir || st.Kind != scan.KindDir {
		return nil, false
	}
	path := append(append(p.scratch[:0], dir...), '/')
	err := p.looker.Names(dir, func(name []byte, isDir bool) bool {
		path = append(path[:len(dir)+1], name...)
		if !p.listed(path) && (p.opts.Filter == nil || !p.opts.Filter.Excluded(path, isDir)) {
			paths = append(paths, string(path))
		}
		return len(paths) <= fillSpare
	})
	p.scratch = path
	return paths, err == nil && len(paths) <= fillSpare
}

// listed reports whether the run has a line for path. The lines are in order.
func (p *pass) listed(path []byte) bool {
	_, found := slices.BinarySearchFunc(p.lines, path, func(l line, path []byte) int {
		return comparePaths(l.path, path)
	})
	return found
}
