package task

import "strconv"

// The names below are what people see in status and in logs, and what metrics use as labels.

func (s Scope) String() string  { return name(int(s), "entry", "listing", "subtree") }
func (o Origin) String() string { return name(int(o), "live", "asked", "recovery") }
func (c Class) String() string  { return name(int(c), "live", "bulk") }
func (k Kind) String() string   { return name(int(k), "content", "quick", "tree", "large") }

func (r Reason) String() string {
	return name(int(r), "ready", "open", "failed", "held", "paused", "doubtful")
}

func name(i int, names ...string) string {
	if i < len(names) {
		return names[i]
	}
	return strconv.Itoa(i)
}
