package inotify

import (
	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/sys"
)

// Decode implements kern.Source: it takes in what was published, then emits an event for each
// record of b.
func (s *Source) Decode(b *kern.Buffer, emit func(kern.Event)) {
	s.raiseVisits(b.Seq)
	s.takePublished(emit)
	for p := b.Bytes; len(p) > 0; {
		r, size, ok := nextRecord(p)
		if !ok {
			// The kernel gives whole records; what is after a broken one can't be known.
			s.stats.malformed.Add(1)
			s.loss(emit)
			break
		}
		s.record(r, p[:size], b.Seq, emit)
		p = p[size:]
	}
	if b.Emptied {
		s.emptied = b.Start
	}
	s.stats.watches.Store(int64(s.table.Len()))
}

// record decodes one record; raw are its bytes, seq the number of the read that brought it.
func (s *Source) record(r record, raw []byte, seq uint32, emit func(kern.Event)) {
	if r.mask&sys.InOverflow != 0 {
		s.stats.overflows.Add(1)
		s.loss(emit)
		return
	}
	id := s.table.ByKey(keyOf(r.wd))
	switch {
	case id == kern.NoDir:
		if !s.early.hold(seq, raw) {
			s.stats.dropped.Add(1)
		}
	case r.mask&sys.InIgnored != 0:
		s.table.Forget(keyOf(r.wd))
	case s.table.Detached(id):
		// Nothing to tell, but who left it must not come back with it.
		s.stats.detached.Add(1)
		if isDirRename(r.mask) {
			s.follow(id, r, seq)
		}
	case len(r.name) == 0:
		s.self(id, r.mask, emit)
	case isDirRename(r.mask):
		op := opOf(r.mask)
		if s.follow(id, r, seq) {
			op |= kern.OpCreate
		}
		emit(kern.Event{Dir: id, Name: r.name, Op: op})
	default:
		emit(kern.Event{Dir: id, Name: r.name, Op: opOf(r.mask)})
	}
}

// self decodes what a directory says of itself. Its parent says the same with a name, so only a
// root is listened to, and an unmount, which nobody else tells.
func (s *Source) self(id kern.DirID, mask uint32, emit func(kern.Event)) {
	root := s.table.IsRoot(id)
	if mask&sys.InUnmount != 0 {
		emit(kern.Event{Dir: id, Op: kern.OpUnmount | kern.OpIsDir})
	}
	if root && mask&(sys.InDeleteSelf|sys.InMoveSelf) != 0 {
		emit(kern.Event{Dir: id, Op: kern.OpRootGone | kern.OpIsDir})
	}
	if root && mask&sys.InAttrib != 0 {
		emit(kern.Event{Dir: id, Op: kern.OpAttrib | kern.OpIsDir})
	}
}

// loss says that events which were queued after the last read that saw the queue empty may be
// missing. What was remembered of renames under way is worth nothing now.
func (s *Source) loss(emit func(kern.Event)) {
	s.renames = renames{}
	emit(kern.Event{Op: kern.OpLoss, Since: s.emptied})
}

// raiseVisits keeps the serial numbers of reads comparable, see kern.After.
func (s *Source) raiseVisits(seq uint32) {
	const every, keep = 1 << 29, 1 << 30
	if seq-s.raised < every || kern.After(s.raised, seq) {
		return
	}
	s.raised = seq
	s.table.RaiseVisits(seq - keep)
}

// keyOf is the table's key of a watch.
func keyOf(wd int32) uint64 { return uint64(uint32(wd)) }
