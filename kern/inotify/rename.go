package inotify

import (
	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/sys"
)

// renames remembers directories that were moved away until the other half of the rename comes. The
// kernel queues the halves one after the other, but those of as many renames as there are CPUs may
// lie between. Which halves find each other is not a matter of correctness (see the package doc),
// so the oldest make room.
type renames struct {
	halves [64]half
	next   uint8
}

type half struct {
	cookie uint32
	dir    kern.DirID
}

func (p *renames) put(cookie uint32, dir kern.DirID) {
	p.halves[p.next%uint8(len(p.halves))] = half{cookie, dir}
	p.next++
}

// take returns the directory that left with cookie, or NoDir.
func (p *renames) take(cookie uint32) kern.DirID {
	for i := range p.halves {
		if h := &p.halves[i]; h.cookie == cookie && h.dir != kern.NoDir {
			dir := h.dir
			*h = half{}
			return dir
		}
	}
	return kern.NoDir
}

// rename decodes one half of a directory's rename.
func (s *Source) rename(parent kern.DirID, r record, seq uint32, emit func(kern.Event)) {
	if r.mask&sys.InMovedFrom != 0 {
		s.movedFrom(parent, r, seq)
	} else {
		s.movedTo(parent, r, seq)
	}
	emit(kern.Event{Dir: parent, Name: r.name, Op: opOf(r.mask)})
}

// movedFrom detaches what was there, unless it was seen there by a walk that began after the
// rename.
func (s *Source) movedFrom(parent kern.DirID, r record, seq uint32) {
	dir := s.table.Child(parent, r.name)
	if dir == kern.NoDir || kern.After(s.table.Visit(dir), seq) {
		return
	}
	s.table.Detach(dir)
	s.renames.put(r.cookie, dir)
}

// movedTo puts the directory that left with the same cookie to its new place, unless a later walk
// has seen that it, or another one, is there. Its stamp is that of this read: a walk that began
// before may have seen it where it was. An excluded place is outside the tree.
func (s *Source) movedTo(parent kern.DirID, r record, seq uint32) {
	dir := s.renames.take(r.cookie)
	if dir == kern.NoDir || !s.table.Detached(dir) || kern.After(s.table.Visit(dir), seq) ||
		s.table.Covered(parent, r.name, seq) {
		return
	}
	s.table.Move(dir, parent, r.name)
	s.table.SetVisit(dir, seq)
	path, tree, ok := s.table.AppendPath(s.path[:0], dir)
	s.path = path
	if ok && s.excluded(tree, path) {
		s.table.Detach(dir)
	}
}
