package kern

// Sweep detaches every directory of a tree that no walk stamped olderThan or later has seen, and
// returns how many. It is the end of a walk over the whole tree after a loss. Directories whose
// watch was given back but of which the kernel's last word may have been lost are due for
// [DirTable.Prune] again.
func (t *DirTable) Sweep(tree int, olderThan uint32) int {
	for slot := t.nodes.at(removed).first; slot != 0; slot = t.nodes.at(removed).first {
		t.nodes.unlink(slot)
		t.nodes.link(slot, limbo)
		t.limbo++
		t.nodes.at(slot).aged = true
	}
	root := t.RootOf(tree)
	if root == NoDir {
		return 0
	}
	swept := 0
	stack := []uint32{slotOf(root)}
	for len(stack) > 0 {
		slot := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for child := t.nodes.at(slot).first; child != 0; {
			n := t.nodes.at(child)
			next := n.next
			if After(olderThan, n.visit) {
				t.detach(child)
				swept++
			} else if n.first != 0 {
				stack = append(stack, child)
			}
			child = next
		}
	}
	return swept
}

// Limbo returns how many detached directories, not counting what is below them, may still be
// under watch.
func (t *DirTable) Limbo() int { return t.limbo }

// Age marks what is detached now: [DirTable.Prune] takes only directories that were so marked and
// have not been seen since. The owner calls it once per quiet period.
func (t *DirTable) Age() {
	for slot := t.nodes.at(limbo).first; slot != 0; slot = t.nodes.at(slot).next {
		t.nodes.at(slot).aged = true
	}
}

// Prune gives back the watches of directories that were already detached at the last call of Age,
// and of all below them: drop gets each key, and tells whether the kernel did not know it any more
// (then the directory is forgotten at once; else it waits for Forget). It calls drop at most limit
// times and reports whether more is left.
func (t *DirTable) Prune(limit int, drop func(key uint64) (gone bool)) (more bool) {
	for slot := t.nodes.at(limbo).first; slot != 0; {
		n := t.nodes.at(slot)
		if !n.aged {
			slot = n.next
			continue
		}
		// What is below comes out first, a limited number at a time; it is put before slot.
		moved := 0
		for ; n.first != 0 && moved < limit; moved++ {
			child := n.first
			t.detach(child)
			t.nodes.at(child).aged = true
		}
		if limit == 0 || n.first != 0 {
			return true
		}
		limit--
		next, key := n.next, n.key
		if moved > 0 {
			next = t.nodes.at(limbo).first
		}
		if drop(key) {
			t.Forget(key)
		} else {
			t.nodes.unlink(slot)
			t.nodes.link(slot, removed)
			t.limbo--
		}
		slot = next
	}
	return false
}
