package engine

import "github.com/sersync/sersync/engine/task"

// Held is what a pass left on one target, because the guard holds its deletion.
type Held struct {
	Target string
	// Names is how many there are, as rsync counts: what lies in a directory that is held is counted
	// only where rsync looked into it.
	Names int
	// Mode is the target's delete mode, by name.
	Mode string
}

// heldNames counts what the runs of a pass left, by the first path of each: a later run for the same
// debt takes the place of an earlier one. It is read after the last run.
type heldNames map[string]int

// Observe implements task.Observer.
func (h heldNames) Observe(o *task.Outcome) {
	for _, it := range o.Plan.Items {
		delete(h, it.Path)
	}
	if o.Left > 0 && len(o.Plan.Items) > 0 {
		h[o.Plan.Items[0].Path] = o.Left
	}
}

func (h heldNames) sum() (names int) {
	for _, n := range h {
		names += n
	}
	return names
}
