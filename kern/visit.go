package kern

// After reports whether the read numbered a is later than the read numbered b. Numbers of reads
// are serial: they wrap, and two that are compared are never 2^31 reads apart, because a Source
// pulls up the stamps that are older (see [DirTable.RaiseVisits]).
func After(a, b uint32) bool { return int32(a-b) > 0 }

// Visit returns the stamp of the last walk that saw the directory where it is now, or 0. A stamp
// is the number of the read that was under way (Source.Reads) before the walk opened the
// directory, so a directory whose Visit is [After] a buffer's Seq was seen after everything that
// the buffer tells had happened.
func (t *DirTable) Visit(id DirID) uint32 {
	if n := t.live(id); n != nil {
		return n.visit
	}
	return 0
}

// SetVisit sets the stamp of id.
func (t *DirTable) SetVisit(id DirID, visit uint32) {
	if n := t.live(id); n != nil {
		n.visit = visit
	}
}

// Covered reports whether the table knows a directory at (parent, name) that was seen by a walk
// which began after the read numbered seq: an event of that read says nothing new about where
// directories are, and no walk is owed for it.
func (t *DirTable) Covered(parent DirID, name []byte, seq uint32) bool {
	id := t.Child(parent, name)
	return id != NoDir && After(t.nodes.at(slotOf(id)).visit, seq)
}

// RaiseVisits sets every stamp that is older than visit to visit, so that serial numbers stay
// comparable however long the program runs. It looks at every directory.
func (t *DirTable) RaiseVisits(visit uint32) {
	for slot := range t.nodes.all() {
		if n := t.nodes.at(slot); After(visit, n.visit) {
			n.visit = visit
		}
	}
}
