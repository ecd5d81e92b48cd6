package resolve

import (
	"slices"
	"strings"

	"github.com/sersync/sersync/engine/task"
)

// comparePaths orders paths so that what lies below a directory follows it at once: "a", "a/b",
// "a-b". A plain comparison of bytes would put "a-b" between the two.
func comparePaths[B string | []byte](a string, b B) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return int(rank(a[i])) - int(rank(b[i]))
		}
	}
	return len(a) - len(b)
}

func rank(c byte) byte {
	if c == '/' {
		return 0 // no name has a zero byte
	}
	return c
}

// covers reports whether path is top or lies below it.
func covers(top, path string) bool {
	if top == "" {
		return true
	}
	return strings.HasPrefix(path, top) && (len(path) == len(top) || path[len(top)] == '/')
}

// parentOf returns the directory of a path that is not the root.
func parentOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return ""
}

// sortDebts returns the debts in the order of comparePaths. The caller's slice stays as it is.
func sortDebts(debts []task.Debt) []task.Debt {
	byPath := func(a, b task.Debt) int { return comparePaths(a.Path, b.Path) }
	if slices.IsSortedFunc(debts, byPath) {
		return debts
	}
	sorted := slices.Clone(debts)
	slices.SortStableFunc(sorted, byPath)
	return sorted
}

// firstAt returns the position of the first debt at or after path.
func firstAt(sorted []task.Debt, path string) int {
	i, _ := slices.BinarySearchFunc(sorted, path, func(d task.Debt, path string) int {
		return comparePaths(d.Path, path)
	})
	return i
}
