package rsyncexec

// appendList appends the list as rsync reads it with --from0: each entry with a leading slash,
// since rsync drops one that starts with '#' or ';', and a NUL at its end. keep chooses.
func appendList(dst []byte, items []Item, recursive bool, keep func(*Item) bool) []byte {
	size := 0
	for i := range items {
		size += len(items[i].Path) + len("/./") + 1
	}
	if cap(dst)-len(dst) < size {
		dst = append(make([]byte, 0, len(dst)+size), dst...)
	}
	for i := range items {
		if keep == nil || keep(&items[i]) {
			dst = appendEntry(dst, &items[i], recursive)
		}
	}
	return dst
}

func appendEntry(dst []byte, it *Item, recursive bool) []byte {
	dst = append(dst, '/')
	switch {
	case it.Path == "" && (it.Level || recursive):
		dst = append(dst, "./"...) // the root's entries and its own attributes
	case it.Path == "":
		dst = append(dst, '.')
	case it.Level && !it.Missing:
		dst = append(append(dst, it.Path...), '/')
	default:
		dst = append(dst, it.Path...)
	}
	return append(dst, 0)
}
