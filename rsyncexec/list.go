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

// Bounds of the paths that are given as operands. Linux allows 128 KiB for one argument and, with
// the usual stack limit, 2 MiB for all of them (execve(2)); what lists more is not short of names.
const (
	maxOperands      = 1000
	maxOperandsBytes = 128 << 10
)

// operands are the items as source arguments of a run with -R, which cuts them at "/./"; ok is
// false if they are too many. It means the same as the list. What is below an operand costs rsync
// 3.5 one lstat a file; below an entry of --files-from it opens every directory on the way to each
// file, twice (measured: 200,000 unchanged files 2.7 s against 5.2 s).
func operands(inv *Invocation, keep func(*Item) bool) (paths []string, ok bool) {
	if len(inv.Items) > maxOperands {
		return nil, false
	}
	size := 0
	paths = make([]string, 0, len(inv.Items))
	for i := range inv.Items {
		it := &inv.Items[i]
		if !keep(it) {
			continue
		}
		path := sourcePrefix + "./" + it.Path
		if it.Level && !it.Missing && it.Path != "" {
			path += "/"
		}
		size += len(path) + 1
		paths = append(paths, path)
	}
	return paths, size <= maxOperandsBytes
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
