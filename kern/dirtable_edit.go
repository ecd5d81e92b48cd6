package kern

// Put says that a walk, stamped visit, saw the directory which the kernel names key, as name in
// parent. It inserts the directory, or moves the one that has key, with all below it; another
// directory that was known at (parent, name) is detached.
//
// What is known to be newer wins: Put does nothing but remember key (detached, if it is new) where
// the directory itself, or another one at (parent, name), was seen by a later walk, where parent
// is gone, and where key is a root. It returns the directory's id.
func (t *DirTable) Put(parent DirID, name []byte, key uint64, visit uint32) DirID {
	slot := t.slotByKey(key)
	if slot != 0 {
		n := t.nodes.at(slot)
		if n.parent == slot || After(n.visit, visit) {
			return t.nodes.id(slot)
		}
	}
	if t.live(parent) == nil || slotOf(parent) == slot || !validName(name) {
		return t.idOrDetached(slot, key, visit)
	}
	hash := t.hashName(name)
	other := t.slotByName(slotOf(parent), name, hash)
	switch {
	case other == 0:
	case other == slot:
		t.nodes.at(slot).visit = visit
		return t.nodes.id(slot)
	case After(t.nodes.at(other).visit, visit):
		return t.idOrDetached(slot, key, visit)
	default:
		t.detach(other)
	}
	if slot == 0 {
		slot = t.insert(key)
	}
	t.place(slot, slotOf(parent), name, hash)
	t.nodes.at(slot).visit = visit
	return t.nodes.id(slot)
}

// Move makes id the directory called newName in newParent; another one there is detached. It
// touches one node. Where newParent lies below id, which no filesystem allows, the table is
// behind the disk, and newParent is detached first.
func (t *DirTable) Move(id, newParent DirID, newName []byte) {
	if t.live(id) == nil || t.live(newParent) == nil || id == newParent || t.IsRoot(id) ||
		!validName(newName) {
		return
	}
	hash := t.hashName(newName)
	switch other := t.slotByName(slotOf(newParent), newName, hash); other {
	case slotOf(id):
		return
	case 0:
	default:
		t.detach(other)
	}
	t.place(slotOf(id), slotOf(newParent), newName, hash)
}

// Detach takes id out of the tree: it keeps its key and what is below it, its path is unknown.
// Detaching a root leaves its tree without one.
func (t *DirTable) Detach(id DirID) {
	if t.live(id) != nil {
		t.detach(slotOf(id))
	}
}

// Forget removes the directory that the kernel named key: it will not name it again. What was
// below is detached.
func (t *DirTable) Forget(key uint64) {
	slot := t.slotByKey(key)
	if slot == 0 {
		return
	}
	n := t.nodes.at(slot)
	for n.first != 0 {
		t.detach(n.first)
	}
	t.unplace(slot)
	t.byKey.remove(slot)
	t.nodes.release(slot)
	t.compactNames()
}

// idOrDetached returns the id of slot; if that is none, of a new detached directory.
func (t *DirTable) idOrDetached(slot uint32, key uint64, visit uint32) DirID {
	if slot == 0 {
		slot = t.insert(key)
		t.nodes.at(slot).visit = visit
	}
	return t.nodes.id(slot)
}

// insert adds a detached directory.
func (t *DirTable) insert(key uint64) uint32 {
	if key == 0 {
		panic("kern: a directory without a key")
	}
	slot, n := t.nodes.alloc()
	n.key = key
	t.byKey.add(slot)
	t.nodes.link(slot, limbo)
	t.limbo++
	return slot
}

// place puts slot, wherever it is, at (parent, name), which is free.
func (t *DirTable) place(slot, parent uint32, name []byte, hash uint32) {
	if t.below(parent, slot) {
		t.detach(parent)
	}
	t.unplace(slot)
	n := t.nodes.at(slot)
	n.name, n.length, n.hash = t.names.add(slot, name), uint8(len(name)), hash
	n.flags, n.aged = 0, false
	t.nodes.link(slot, parent)
	t.byName.add(slot)
	t.compactNames()
}

// detach puts slot into limbo.
func (t *DirTable) detach(slot uint32) {
	if t.nodes.at(slot).parent == limbo {
		return
	}
	t.unplace(slot)
	n := t.nodes.at(slot)
	n.flags, n.aged = 0, false
	t.nodes.link(slot, limbo)
	t.limbo++
}

// unplace takes slot out of where it is: a directory, a tree's root, or limbo. The caller puts it
// somewhere else.
func (t *DirTable) unplace(slot uint32) {
	n := t.nodes.at(slot)
	switch n.parent {
	case slot:
		for tree, root := range t.roots {
			if root == slot {
				t.roots[tree] = 0
			}
		}
		return
	case limbo:
		t.limbo--
	case removed:
	default:
		t.byName.remove(slot)
	}
	t.nodes.unlink(slot)
	t.names.drop(n.name, n.length)
	n.name, n.length = noName, 0
}

// validName: NAME_MAX is 255 bytes, and only a root has no name.
func validName(name []byte) bool { return len(name) > 0 && len(name) <= 255 }

// below reports whether slot is top or lies below it.
func (t *DirTable) below(slot, top uint32) bool {
	for {
		if slot == top {
			return true
		}
		parent := t.nodes.at(slot).parent
		if parent == slot || parent < firstSlot {
			return false
		}
		slot = parent
	}
}
