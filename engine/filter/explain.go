package filter

import "fmt"

// Explain says for people which rule decides about the path, or about the parent through which it
// is excluded.
func (r *Rules) Explain(path string, isDir bool) string {
	for i := range len(path) {
		if path[i] != '/' {
			continue
		}
		if x := r.decide([]byte(path[:i]), true); x != nil && x.action == actExclude {
			return fmt.Sprintf("%s: excluded, because its directory %s is, by %s",
				path, path[:i], x.explain())
		}
	}
	x := r.decide([]byte(path), isDir)
	switch {
	case x == nil:
		return path + ": mirrored, no rule matches"
	case x.action == actExclude:
		return fmt.Sprintf("%s: excluded by %s", path, x.explain())
	}
	return fmt.Sprintf("%s: mirrored, by %s", path, x.explain())
}

// explain is the rule as written, where, and what rsync is given for it.
func (x *rule) explain() string {
	s := fmt.Sprintf("%q", x.text)
	if x.text == "" {
		s = x.why
	}
	if at := x.src.String(); at != "" {
		s += " (" + at + ")"
	}
	if x.regex != nil {
		return s + ", which rsync is given as concrete paths"
	}
	if x.String() != x.text {
		s += fmt.Sprintf(", for rsync %q", x.String())
	}
	return s
}
