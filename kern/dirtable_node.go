package kern

import (
	"iter"
	"math"
)

const (
	// limbo is the parent of detached directories. As a slot in a list of siblings, 0 ends it.
	limbo uint32 = 0
	// removed is the parent of detached directories whose watch was given back to the kernel and
	// which wait for its last word (IN_IGNORED).
	removed uint32 = 1
	// firstSlot is the first slot that can be a directory.
	firstSlot uint32 = 2

	slabBits = 11 // 2,048 nodes of 48 bytes: 96 KiB
	slabSize = 1 << slabBits

	nodeBytes = 48
)

// node is one directory. It MUST NOT hold a pointer: a slab of nodes is never scanned.
type node struct {
	key    uint64 // 0: the slot is free
	parent uint32 // slot; its own: a root; below firstSlot: detached
	first  uint32 // first child
	next   uint32 // next sibling; in a free slot: the next free one
	prev   uint32 // previous sibling
	name   uint32 // offset in nameSlab, or noName
	hash   uint32 // of the name
	gen    uint32
	visit  uint32
	length uint8 // of the name: NAME_MAX is 255
	flags  uint8
	aged   bool // detached, and was so at the last call of Age
}

// nodeSlab hands out nodes by slot.
type nodeSlab struct {
	slabs []*[slabSize]node
	next  uint32 // first slot never used
	free  uint32 // first of the freed slots, 0: none
}

func (s *nodeSlab) init() {
	s.slabs = append(s.slabs, new([slabSize]node))
	s.next = firstSlot
}

func (s *nodeSlab) at(slot uint32) *node {
	return &s.slabs[slot>>slabBits][slot&(slabSize-1)]
}

func (s *nodeSlab) id(slot uint32) DirID {
	return DirID(uint64(s.at(slot).gen)<<32 | uint64(slot))
}

// alloc returns a zero node under a generation that its slot never had.
func (s *nodeSlab) alloc() (uint32, *node) {
	slot := s.free
	if slot != 0 {
		s.free = s.at(slot).next
	} else {
		slot = s.next
		if int(slot>>slabBits) == len(s.slabs) {
			s.slabs = append(s.slabs, new([slabSize]node))
		}
		s.next++
	}
	n := s.at(slot)
	*n = node{gen: n.gen + 1, name: noName}
	return slot, n
}

// release frees a slot. One that has used up its generations is never handed out again.
func (s *nodeSlab) release(slot uint32) {
	n := s.at(slot)
	*n = node{gen: n.gen}
	if n.gen != math.MaxUint32 {
		n.next = s.free
		s.free = slot
	}
}

// all yields the slots in use.
func (s *nodeSlab) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for slot := firstSlot; slot < s.next; slot++ {
			if s.at(slot).key != 0 && !yield(slot) {
				return
			}
		}
	}
}

func (s *nodeSlab) bytes() int { return len(s.slabs) * slabSize * nodeBytes }

// link makes slot the first child of parent.
func (s *nodeSlab) link(slot, parent uint32) {
	n, p := s.at(slot), s.at(parent)
	n.parent, n.prev, n.next = parent, 0, p.first
	if p.first != 0 {
		s.at(p.first).prev = slot
	}
	p.first = slot
}

// unlink takes slot out of its parent's children.
func (s *nodeSlab) unlink(slot uint32) {
	n := s.at(slot)
	if n.prev != 0 {
		s.at(n.prev).next = n.next
	} else if p := s.at(n.parent); p.first == slot {
		p.first = n.next
	}
	if n.next != 0 {
		s.at(n.next).prev = n.prev
	}
	n.prev, n.next = 0, 0
}
