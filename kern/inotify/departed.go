package inotify

import (
	"hash/maphash"

	"github.com/sersync/sersync/kern"
)

// departed remembers, while walks are under way, from which names directories were moved away. A
// slow walker may publish after that what it saw there before: then the directory is detached and
// the name is looked at. The oldest make room; who is missed so stays in the table, under a name
// that is not there, until it is seen elsewhere, deleted, or swept by a Rewalk.
type departed struct {
	seed  maphash.Seed
	ring  [256]departure
	count int // all that were put since the last clear

	// looks are the sights whose names are to be looked at, names what they are called.
	looks []notice
	names []byte
}

type departure struct {
	name   uint64 // its hash; a collision costs a look
	parent int32
	seq    uint32 // of the read that brought the event
}

func (d *departed) put(parent int32, name []byte, seq uint32) {
	at := d.count % len(d.ring)
	d.ring[at] = departure{name: maphash.Bytes(d.seed, name), parent: parent, seq: seq}
	d.count++
}

// doubts reports whether a sight of name in parent with that stamp may be older than a departure.
func (d *departed) doubts(parent int32, name []byte, visit uint32) bool {
	if d.count == 0 {
		return false
	}
	hash := maphash.Bytes(d.seed, name)
	for _, e := range d.ring[:min(d.count, len(d.ring))] {
		if e.parent == parent && e.name == hash && !kern.After(visit, e.seq) {
			return true
		}
	}
	return false
}

// putSeen brings a sight into the table.
func (s *Source) putSeen(n notice, name []byte) {
	parent := s.table.ByKey(keyOf(n.parent))
	id := s.table.Put(parent, name, keyOf(n.wd), n.visit)
	if kern.After(s.table.Visit(id), n.visit) || s.table.Child(parent, name) != id {
		return // it was not believed anyway
	}
	if s.departed.doubts(n.parent, name, n.visit) {
		s.table.Detach(id)
		s.departed.looks = append(s.departed.looks, n)
		s.departed.names = append(s.departed.names, name...)
	}
}

// emitLooks asks for walks to the names where the order could not be told.
func (s *Source) emitLooks(emit func(kern.Event)) {
	names := s.departed.names
	for _, n := range s.departed.looks {
		dir := s.table.ByKey(keyOf(n.parent))
		if !s.table.Detached(dir) {
			emit(kern.Event{
				Dir: dir, Name: names[:n.length], Op: kern.OpCreate | kern.OpMoved | kern.OpIsDir,
			})
		}
		names = names[n.length:]
	}
	s.departed.looks, s.departed.names = s.departed.looks[:0], s.departed.names[:0]
}
