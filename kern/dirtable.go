package kern

import "hash/maphash"

// DirID names one directory of a DirTable: a slot in the low 32 bits, the slot's generation in
// the high ones. The zero DirID is no directory. An id whose directory was removed never comes
// to mean another one.
type DirID uint64

// NoDir is the zero DirID.
const NoDir DirID = 0

// DirTable knows every directory under watch: where it is (parent and name) and by which key the
// kernel names it (inotify: the watch descriptor). It holds no path strings. A directory costs
// about 80 bytes, none of them a pointer, so the garbage collector does not see how many there
// are. Moving a directory touches one node, however much lies below it.
//
// A directory whose place is not known is detached: it keeps its key and what is below it until
// somebody sees it again ([DirTable.Put]) or the kernel forgets it ([DirTable.Forget]).
//
// A DirTable belongs to one goroutine. Methods given a stale or zero DirID do nothing and return
// zero values.
type DirTable struct {
	nodes  nodeSlab
	names  nameSlab
	byKey  index
	byName index // of (parent, name); the detached and the roots have none
	seed   maphash.Seed
	roots  []uint32 // slot of the root of each tree, 0: none
	last   uint32   // slot that ByKey found last
	limbo  int      // directories directly in limbo
}

// NewDirTable returns an empty table.
func NewDirTable() *DirTable {
	t := &DirTable{seed: maphash.MakeSeed()}
	t.nodes.init()
	t.byKey.hashOf = t.keyHashOf
	t.byName.hashOf = t.nameHashOf
	return t
}

// Len returns the number of directories, the detached ones included.
func (t *DirTable) Len() int { return t.byKey.count }

// Bytes returns the memory that the table holds.
func (t *DirTable) Bytes() int {
	return t.nodes.bytes() + t.names.bytes() + t.byKey.bytes() + t.byName.bytes()
}

// ByKey returns the directory that the kernel names by key, or NoDir.
func (t *DirTable) ByKey(key uint64) DirID {
	if slot := t.slotByKey(key); slot != 0 {
		return t.nodes.id(slot)
	}
	return NoDir
}

// Child returns the directory called name in parent, or NoDir.
func (t *DirTable) Child(parent DirID, name []byte) DirID {
	if t.live(parent) == nil || len(name) == 0 {
		return NoDir
	}
	if slot := t.slotByName(slotOf(parent), name, t.hashName(name)); slot != 0 {
		return t.nodes.id(slot)
	}
	return NoDir
}

// Key returns the kernel's name of id, or 0.
func (t *DirTable) Key(id DirID) uint64 {
	if n := t.live(id); n != nil {
		return n.key
	}
	return 0
}

// Parent returns the directory that id is in; NoDir for a root and for a detached directory.
func (t *DirTable) Parent(id DirID) DirID {
	n := t.live(id)
	if n == nil || n.parent < firstSlot || n.parent == slotOf(id) {
		return NoDir
	}
	return t.nodes.id(n.parent)
}

// Detached reports whether the place of id itself is unknown. A directory below a detached one
// is not itself detached; AppendPath tells.
func (t *DirTable) Detached(id DirID) bool {
	n := t.live(id)
	return n == nil || n.parent < firstSlot
}

// IsRoot reports whether id is the root of a tree.
func (t *DirTable) IsRoot(id DirID) bool {
	n := t.live(id)
	return n != nil && n.parent == slotOf(id)
}

// Flags returns the bits that the owner has set on id. They are cleared when the directory moves,
// not on those below it.
func (t *DirTable) Flags(id DirID) uint8 {
	if n := t.live(id); n != nil {
		return n.flags
	}
	return 0
}

// SetFlags sets the owner's bits on id.
func (t *DirTable) SetFlags(id DirID, flags uint8) {
	if n := t.live(id); n != nil {
		n.flags = flags
	}
}

// live returns the node of id, or nil if the directory is gone.
func (t *DirTable) live(id DirID) *node {
	slot := slotOf(id)
	if slot < firstSlot || slot >= t.nodes.next {
		return nil
	}
	if n := t.nodes.at(slot); n.gen == uint32(id>>32) && n.key != 0 {
		return n
	}
	return nil
}

func slotOf(id DirID) uint32 { return uint32(id) }
