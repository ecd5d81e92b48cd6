package rsyncexec

import "strings"

// parents lists the directories of the missing items, each once, one level deep.
func parents(items []Item) []byte {
	var out []byte
	seen := map[string]bool{}
	for i := range items {
		if !items[i].Missing {
			continue
		}
		dir := parentOf(items[i].Path)
		if !seen[dir] {
			seen[dir] = true
			out = appendEntry(out, &Item{Path: dir, Level: true}, false)
		}
	}
	return out
}

func parentOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return ""
}

// appendRisks appends filter rules, NUL-separated, that put the missing items and what is below
// them at risk ("R") and protect everything else ("P *").
func appendRisks(dst []byte, items []Item) []byte {
	for i := range items {
		if !items[i].Missing {
			continue
		}
		path := items[i].Path
		dst = append(dst, "R /"...)
		if strings.ContainsAny(path, "*?[") {
			dst = appendEscaped(dst, path)
		} else {
			dst = append(dst, path...)
		}
		dst = append(dst, "\x00R /"...)
		dst = append(appendEscaped(dst, path), "/**\x00"...)
	}
	return append(dst, "P *\x00"...)
}

// appendEscaped escapes a path for a pattern with wildcards in it. In one without any, rsync
// takes a backslash as itself, so the caller must know which it is.
func appendEscaped(dst []byte, path string) []byte {
	for i := range len(path) {
		switch path[i] {
		case '*', '?', '[', '\\':
			dst = append(dst, '\\')
		}
		dst = append(dst, path[i])
	}
	return dst
}
