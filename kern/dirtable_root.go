package kern

// Root makes the directory that the kernel names key the root of a tree. If the tree has a root,
// that keeps its id and gets the new key: what was below the old one is detached, as is what was
// known under key, unless the key is the same.
func (t *DirTable) Root(key uint64, tree int) DirID {
	for len(t.roots) <= tree {
		t.roots = append(t.roots, 0)
	}
	root, known := t.roots[tree], t.slotByKey(key)
	switch {
	case root == 0 && known == 0:
		root = t.insert(key)
		t.makeRoot(root)
	case root == 0:
		root = known
		t.makeRoot(root)
	case root != known:
		t.rekey(root, known, key)
	}
	t.roots[tree] = root
	return t.nodes.id(root)
}

// RootOf returns the root of a tree, or NoDir.
func (t *DirTable) RootOf(tree int) DirID {
	if tree < 0 || tree >= len(t.roots) || t.roots[tree] == 0 {
		return NoDir
	}
	return t.nodes.id(t.roots[tree])
}

func (t *DirTable) makeRoot(slot uint32) {
	t.unplace(slot)
	n := t.nodes.at(slot)
	n.parent, n.flags, n.aged = slot, 0, false
}

// rekey gives root the key of known (0: new to the table), and the old key to a directory in
// limbo, so that its watch is given back in time.
func (t *DirTable) rekey(root, known uint32, key uint64) {
	n := t.nodes.at(root)
	for n.first != 0 {
		t.detach(n.first)
	}
	if known != 0 {
		t.Forget(key)
	}
	old := n.key
	t.byKey.remove(root)
	n.key, n.flags, n.visit = key, 0, 0
	t.byKey.add(root)
	t.insert(old)
}

func (t *DirTable) treeOf(root uint32) int {
	for tree, slot := range t.roots {
		if slot == root {
			return tree
		}
	}
	return 0
}
