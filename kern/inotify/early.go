package inotify

import (
	"encoding/binary"

	"github.com/sersync/sersync/kern"
)

// earlyBytes bounds what is kept aside: about 50,000 events.
const earlyBytes = 2 << 20

// early keeps records of watches that are not in the table yet, in their order, each behind the
// number of its read. They are decoded when a publication was taken in. While no walk is under
// way no publication is due, and what is left belongs to watches that the table has forgotten.
type early struct {
	records []byte
}

// hold keeps a record; it reports false where there is no room.
func (e *early) hold(seq uint32, raw []byte) bool {
	if len(e.records)+4+len(raw) > earlyBytes {
		return false
	}
	e.records = binary.NativeEndian.AppendUint32(e.records, seq)
	e.records = append(e.records, raw...)
	return true
}

// replay decodes the records whose watch is known now and keeps the others.
func (s *Source) replay(emit func(kern.Event)) {
	held := s.early.records
	kept := held[:0]
	for at := 0; at < len(held); {
		seq := binary.NativeEndian.Uint32(held[at:])
		r, size, _ := nextRecord(held[at+4:])
		whole := held[at : at+4+size]
		if s.table.ByKey(keyOf(r.wd)) != kern.NoDir {
			s.record(r, whole[4:], seq, emit)
		} else {
			kept = append(kept, whole...)
		}
		at += len(whole)
	}
	s.early.records = kept
}
