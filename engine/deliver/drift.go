package deliver

import (
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// oweAll owes a full pass to a target whose directory is not there. What will be there again may be
// empty, or a disk that somebody else has used, so it is not known any more to hold nothing extra.
// The pass is owed now rather than when the target is back: like every debt it outlives the process.
func (t *Target) oweAll(now time.Time) {
	if t.guard.Contact() == guard.Clean {
		t.guard.SetContact(guard.Unknown)
	}
	t.Add([]task.Debt{{
		Scope: task.Subtree, What: task.Attr, Origin: task.Recovery, Class: task.ClassBulk,
		Since: now.UnixNano(),
	}})
}

// drift owes the directories that the target has lost: r made them only because of what it had to
// send below them, and nothing else says that they are new.
func (t *Target) drift(r *run, v *verdict) {
	if v.class != ClassNone || len(r.res.NewParents) == 0 {
		return
	}
	lost := t.queue.unexplained(r.res.NewParents)
	if len(lost) == 0 {
		return
	}
	t.log.Warn("target has lost directories, they are sent again", "dirs", len(lost), "first", lost[0])
	debts := make([]task.Debt, len(lost))
	for i, dir := range lost {
		debts[i] = task.Debt{
			Path: dir, Scope: task.Subtree, What: task.Attr, Origin: task.Recovery,
			Class: task.ClassBulk, Since: r.ended.UnixNano(),
		}
	}
	t.Add(debts)
}

// unexplained returns the topmost of dirs that nothing owed, and nothing in a run under way, would
// make on the target.
func (q *Queue) unexplained(dirs []string) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	known := make(map[key]bool)
	for _, b := range q.running {
		for _, e := range b.taken {
			known[e.key()] = true
		}
	}
	owed := func(path string, scopes ...task.Scope) bool {
		for _, scope := range scopes {
			if known[key{path, scope}] || q.debts[scope][path] != nil {
				return true
			}
		}
		return false
	}
	explained := func(dir string) bool {
		above, below := parentOf(dir)
		if owed(dir, task.Entry, task.Listing, task.Subtree) || owed(above, task.Listing) {
			return true
		}
		for ok := below; ok; above, ok = parentOf(above) {
			if owed(above, task.Subtree) {
				return true
			}
		}
		return false
	}
	lost := make(map[string]bool, len(dirs))
	for _, dir := range dirs {
		if !explained(dir) {
			lost[dir] = true
		}
	}
	var topmost []string
	for _, dir := range dirs {
		above, ok := parentOf(dir)
		for ok && !lost[above] {
			above, ok = parentOf(above)
		}
		if lost[dir] && !ok {
			topmost = append(topmost, dir)
		}
	}
	return topmost
}
