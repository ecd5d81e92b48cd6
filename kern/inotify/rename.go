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

func isDirRename(mask uint32) bool {
	return mask&sys.InIsDir != 0 && mask&(sys.InMovedFrom|sys.InMovedTo) != 0
}

// follow lets the table follow one half of a directory's rename. It reports whether there may be
// a directory at the name all the same.
func (s *Source) follow(parent kern.DirID, r record, seq uint32) (look bool) {
	if r.mask&sys.InMovedFrom != 0 {
		if s.walking || s.walks.Load() > 0 {
			s.departed.put(r.wd, r.name, seq)
		}
		return s.movedFrom(parent, r, seq)
	}
	s.movedTo(parent, r, seq)
	return false
}

// movedFrom detaches what was there, unless it was seen there by a walk that began after the
// rename. It reports whether it did.
//
// RENAME_EXCHANGE of A and B tells A to B, then B to A, as two renames one after the other would.
// The second one's first half then takes away what has just come to B, and nothing that comes
// later names B again: so whoever is detached here wants a look at the name.
func (s *Source) movedFrom(parent kern.DirID, r record, seq uint32) bool {
	dir := s.table.Child(parent, r.name)
	if dir == kern.NoDir || kern.After(s.table.Visit(dir), seq) {
		return false
	}
	s.table.Detach(dir)
	s.renames.put(r.cookie, dir)
	return true
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
