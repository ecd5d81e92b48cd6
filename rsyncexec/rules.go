package rsyncexec

import "strings"

// maxRules bounds what the rules of one process take of argv, which the kernel bounds with the
// environment at a quarter of the stack's limit, 2 MiB as a rule. They can't be in a file without
// a name: rsync 3.5 follows /proc/self/fd by hand.
const maxRules = 512 << 10

// deleteSteps splits the missing items so that each process's rules fit.
func deleteSteps(inv *Invocation) []step {
	var missing []Item
	for i := range inv.Items {
		if inv.Items[i].Missing {
			missing = append(missing, inv.Items[i])
		}
	}
	if inv.Extras {
		return []step{{kind: stepDelete, missing: missing}}
	}
	var out []step
	from, size := 0, 0
	for i := range missing {
		// Two rules, their option, their pointers; every byte may be escaped.
		n := 4*len(missing[i].Path) + 2*(len("--filter=R //**")+1+8)
		if size+n > maxRules && i > from {
			out = append(out, step{kind: stepDelete, missing: missing[from:i]})
			from, size = i, 0
		}
		size += n
	}
	return append(out, step{kind: stepDelete, missing: missing[from:]})
}

// parents lists the directories of the missing items, each once, one level deep.
func parents(missing []Item) []byte {
	var out []byte
	seen := map[string]bool{}
	for i := range missing {
		dir := parentOf(missing[i].Path)
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

// riskArgs are filter rules that put the missing items and what is below them at risk ("R") and
// protect everything else ("P *").
func riskArgs(missing []Item) []string {
	out := make([]string, 0, 2*len(missing)+1)
	for i := range missing {
		path := missing[i].Path
		out = append(out, "--filter=R "+patternOf(path), "--filter=R /"+string(appendEscaped(nil, path))+"/**")
	}
	return append(out, "--filter=P *")
}

// hideArgs are filter rules that keep paths out of a run.
func hideArgs(paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = "--filter=H " + patternOf(path)
	}
	return out
}

// patternOf is the pattern that matches this path alone.
func patternOf(path string) string {
	if !strings.ContainsAny(path, "*?[") {
		return "/" + path
	}
	return "/" + string(appendEscaped(nil, path))
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
