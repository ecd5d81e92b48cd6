package kern

import (
	"bytes"
	"hash/maphash"
	"iter"
)

func (t *DirTable) hashName(name []byte) uint32 { return uint32(maphash.Bytes(t.seed, name)) }

func (t *DirTable) keyHashOf(slot uint32) uint64 { return hashKey(t.nodes.at(slot).key) }

func (t *DirTable) nameHashOf(slot uint32) uint64 {
	n := t.nodes.at(slot)
	return hashChild(n.parent, n.hash)
}

// slotByKey returns the slot of key, or 0. Events come in runs of one directory, so the last
// answer is tried first.
func (t *DirTable) slotByKey(key uint64) uint32 {
	if t.nodes.at(t.last).key == key && key != 0 {
		return t.last
	}
	if t.byKey.count == 0 || key == 0 {
		return 0
	}
	slots := t.byKey.slots
	mask := uint32(len(slots) - 1)
	for i := t.byKey.home(hashKey(key)) & mask; ; i = (i + 1) & mask {
		slot := slots[i]
		if slot == 0 {
			return 0
		}
		if t.nodes.at(slot).key == key {
			t.last = slot
			return slot
		}
	}
}

// slotByName returns the slot of the directory called name in parent, or 0.
func (t *DirTable) slotByName(parent uint32, name []byte, hash uint32) uint32 {
	if t.byName.count == 0 {
		return 0
	}
	slots := t.byName.slots
	mask := uint32(len(slots) - 1)
	for i := t.byName.home(hashChild(parent, hash)) & mask; ; i = (i + 1) & mask {
		slot := slots[i]
		if slot == 0 {
			return 0
		}
		n := t.nodes.at(slot)
		if n.parent == parent && n.hash == hash &&
			bytes.Equal(t.names.get(n.name, n.length), name) {
			return slot
		}
	}
}

// AppendPath appends the path of id, relative to the root of its tree and "" for the root, and
// says which tree that is. It is false, and nothing is appended, where the directory is gone, or
// it or a directory above it is detached.
func (t *DirTable) AppendPath(dst []byte, id DirID) (path []byte, tree int, ok bool) {
	if t.live(id) == nil {
		return dst, 0, false
	}
	slot, length := slotOf(id), 0
	n := t.nodes.at(slot)
	for ; n.parent != slot; n = t.nodes.at(slot) {
		if n.parent < firstSlot {
			return dst, 0, false
		}
		length += int(n.length) + 1
		slot = n.parent
	}
	tree = t.treeOf(slot)
	if length == 0 {
		return dst, tree, true
	}
	from := len(dst)
	dst = append(dst, make([]byte, length-1)...)
	end := len(dst)
	for slot = slotOf(id); ; {
		n = t.nodes.at(slot)
		end -= int(n.length)
		copy(dst[end:], t.names.get(n.name, n.length))
		if end == from {
			return dst, tree, true
		}
		end--
		dst[end] = '/'
		slot = n.parent
	}
}

// All yields every directory, the detached ones included, in no particular order. The table must
// not be edited meanwhile.
func (t *DirTable) All() iter.Seq[DirID] {
	return func(yield func(DirID) bool) {
		for slot := range t.nodes.all() {
			if !yield(t.nodes.id(slot)) {
				return
			}
		}
	}
}

// Name returns the last component of id's path; it is valid until the next edit.
func (t *DirTable) Name(id DirID) []byte {
	n := t.live(id)
	if n == nil {
		return nil
	}
	return t.names.get(n.name, n.length)
}
