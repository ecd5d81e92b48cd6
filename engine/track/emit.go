package track

import (
	"github.com/sersync/sersync/engine/dirty"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern"
)

// Switches leave out kinds of changes, as sersync2's <inotify> element could.
type Switches struct {
	// NoAttrib: changes of mode, owner, times and extended attributes alone are not followed.
	NoAttrib bool
}

const (
	// A name that appeared is compared by content: what the target has under it, perhaps of the
	// same size and time, is another file.
	appeared = dirty.Entry | dirty.Mark(task.Content|task.Attr|task.Came)
	left     = dirty.Entry | dirty.Mark(task.Left)
	leftDir  = left | dirty.Mark(task.WasDir)
	attrs    = dirty.Entry | dirty.Mark(task.Attr)
	written  = dirty.Entry | dirty.Mark(task.Content)
	writing  = written | dirty.Mark(task.Writing)
)

// emit takes one event from the Source. It runs for every event: no allocation but where a
// directory appears, no call that can wait.
func (t *Tracker) emit(e kern.Event) {
	t.stats.events.Add(1)
	switch {
	case e.Op&kern.OpLoss != 0:
		t.loss(e.Since)
	case e.Op&(kern.OpRootGone|kern.OpUnmount) != 0:
		if _, tree, ok := t.table.AppendPath(nil, e.Dir); ok {
			t.opts.RootGone(tree)
		}
	case e.Op&kern.OpSubtree != 0:
		t.add(e.Dir, e.Name, dirty.Subtree)
	case e.Op&kern.OpListing != 0:
		t.add(e.Dir, nil, dirty.Listing)
	case e.Op&kern.OpIsDir != 0:
		t.directory(e)
	default:
		t.file(e)
	}
}

func (t *Tracker) file(e kern.Event) {
	if t.byName != nil && t.byName.Excluded(e.Name, false) {
		t.stats.excluded.Add(1)
		return
	}
	var m dirty.Mark
	if e.Op&kern.OpCreate != 0 {
		m |= appeared
		if e.Op&kern.OpMoved == 0 {
			// Whoever made it is most likely about to write: without this the first, empty, state of
			// every upload would be sent.
			m |= dirty.Mark(task.Writing)
		}
	}
	if e.Op&kern.OpDelete != 0 {
		m |= left
	}
	if e.Op&kern.OpModify != 0 {
		m |= writing
	}
	if e.Op&kern.OpClose != 0 {
		m |= written
	}
	if e.Op&kern.OpAttrib != 0 && !t.noAttrib {
		m |= attrs
	}
	if m != 0 {
		t.add(e.Dir, e.Name, m)
	}
}

func (t *Tracker) directory(e kern.Event) {
	if t.byName != nil && t.byName.Excluded(e.Name, true) {
		t.stats.excluded.Add(1)
		return
	}
	if e.Op&kern.OpDelete != 0 {
		t.add(e.Dir, e.Name, leftDir)
	}
	if e.Op&kern.OpAttrib != 0 {
		t.attrib(e)
	}
	if e.Op&kern.OpCreate != 0 && !t.covered(e) {
		t.enter(e.Dir, e.Name, e.Op)
	}
}

// attrib: a directory that could not be read before is tried again.
func (t *Tracker) attrib(e kern.Event) {
	if len(e.Name) > 0 && t.table.Child(e.Dir, e.Name) == kern.NoDir {
		t.enter(e.Dir, e.Name, e.Op)
	} else if !t.noAttrib {
		t.add(e.Dir, e.Name, attrs|dirty.Mark(task.WasDir))
	}
}

// covered reports whether the walk that put this directory under watch opened it after the event
// had been queued: then it has seen, or is going to see, everything in it, and the mark at that
// walk's end covers this event too. Without this a recursive copy would walk every directory as
// often as it is deep. What the first walk of a tree found is not covered, since no mark may
// follow it.
func (t *Tracker) covered(e kern.Event) bool {
	base := t.base.Load()
	return base != noCover && e.Op&kern.OpMoved == 0 &&
		t.table.Covered(e.Dir, e.Name, t.seq) && t.table.Covered(e.Dir, e.Name, uint32(base))
}

// noCover is the base before the first walk has ended.
const noCover = -1

// enter marks a directory that appeared and asks for its walk. What is owed of the content of files
// is owed under their paths, which a rename leaves behind: the Subtree of a directory that was moved
// makes up for it.
func (t *Tracker) enter(dir kern.DirID, name []byte, op kern.Op) {
	mark := dirty.Subtree | dirty.Walking | dirty.Mark(task.WasDir)
	if op&kern.OpMoved != 0 {
		mark |= dirty.Mark(task.Content)
	}
	t.add(dir, name, mark)
	path, tree, ok := t.table.AppendPath(t.scratch[:0], dir)
	if !ok {
		return
	}
	if len(path) > 0 {
		path = append(path, '/')
	}
	path = append(path, name...)
	t.scratch = path
	if t.opts.Trees[tree].Rules.Excluded(path, true) {
		return
	}
	r := walkRequest{
		tree: tree, path: string(path), dir: dir, nameAt: len(path) - len(name),
		parent: t.table.Key(dir),
	}
	if !t.walks.put(r) {
		t.loss(t.now)
	}
}

// add records a dirty name. The set refuses only new names at its ceiling; the loop stops before
// that, but one buffer may hold more events than there is room for: then the directory is in
// doubt as a whole, and if even that is too much, the tree is.
func (t *Tracker) add(dir kern.DirID, name []byte, m dirty.Mark) {
	if t.set.Add(dir, name, m, t.now) || t.set.Add(dir, nil, dirty.Subtree, t.now) {
		return
	}
	t.loss(t.now)
}
