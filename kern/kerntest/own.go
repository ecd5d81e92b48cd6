package kerntest

import (
	"errors"
	"strings"
	"time"

	"github.com/sersync/sersync/kern"
)

// read is the reader.
func (w *Follower) read() {
	defer close(w.filled)
	select {
	case <-w.resume:
	case <-w.ctx.Done():
	}
	for b := range w.free {
		if err := w.subject.Read(b); errors.Is(err, kern.ErrClosed) {
			return
		} else if err != nil {
			w.tb.Errorf("Read: %v", err)
			return
		}
		w.filled <- b
	}
}

// walk is a walker.
func (w *Follower) walk() {
	for {
		var r walk
		select {
		case r = <-w.walks:
		case <-w.ctx.Done():
			return
		}
		if r.path == "" {
			r.err = w.subject.Rewalk(w.ctx, 0)
		} else {
			r.err = w.subject.Enter(w.ctx, 0, r.path, r.parent, []byte(r.mark.name))
		}
		select {
		case w.done <- r:
		case <-w.ctx.Done():
			return
		}
	}
}

// own is the goroutine that owns the table. It ends with the reader.
func (w *Follower) own() {
	for {
		walks, next := w.walks, walk{}
		if len(w.waiting) == 0 {
			walks = nil
		} else {
			next = w.waiting[0]
		}
		select {
		case b, ok := <-w.filled:
			if !ok {
				return
			}
			w.decode(b)
		case walks <- next:
			w.waiting = w.waiting[1:]
			w.underWay++
		case r := <-w.done:
			w.underWay--
			w.walked++
			if r.err != nil && w.ctx.Err() == nil {
				w.tb.Errorf("walk %q: %v", r.path, r.err)
			}
			w.doubt(r.mark, doubt{subtree: true}) // the mark at the end
		case f := <-w.calls:
			f()
			continue // it changed nothing
		}
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
}

func (w *Follower) decode(b *kern.Buffer) {
	w.seq = b.Seq
	w.subject.Decode(b, w.emit)
	w.free <- b
	w.buffers++
	if n := w.config.TakeEvery; n > 0 && w.replica != nil && w.buffers%n == 0 {
		w.take()
	}
	if n := w.config.ReapEvery; n > 0 && w.subject.Reap != nil && w.buffers%n == 0 {
		w.clock += int64(time.Hour)
		w.subject.Reap(w.clock)
	}
}

func (w *Follower) event(e kern.Event) {
	m := mark{e.Dir, string(e.Name)}
	switch {
	case e.Op&kern.OpLoss != 0:
		w.losses++
		w.waiting = append(w.waiting, walk{})
		return
	case e.Op&kern.OpRootGone != 0:
		w.gone = true
		return
	case strings.HasPrefix(m.name, settlePrefix):
		if e.Op&kern.OpCreate != 0 {
			w.seen = m.name
		}
		return
	}
	content := e.Op&kern.OpContent != 0 && e.Op&kern.OpIsDir == 0
	w.doubt(m, doubt{
		content: content, listing: e.Op&kern.OpListing != 0, subtree: e.Op&kern.OpSubtree != 0,
	})
	appeared := e.Op&kern.OpCreate != 0
	readable := e.Op&kern.OpAttrib != 0 && w.subject.Table.Child(e.Dir, e.Name) == kern.NoDir
	if e.Op&kern.OpIsDir != 0 && len(e.Name) > 0 && (appeared || readable) {
		w.appeared(m)
	}
}

// appeared asks for the walk of a directory, unless a later one was made already.
func (w *Follower) appeared(m mark) {
	w.doubt(m, doubt{subtree: true})
	if w.subject.Table.Covered(m.dir, []byte(m.name), w.seq) {
		return
	}
	path, ok := w.path(m)
	if !ok || w.skip([]byte(path), true) {
		return
	}
	w.waiting = append(w.waiting, walk{path: path, parent: w.subject.Table.Key(m.dir), mark: m})
}

func (w *Follower) doubt(m mark, d doubt) {
	old := w.marks[m]
	old.subtree = old.subtree || d.subtree
	old.listing = old.listing || d.listing
	old.content = old.content || d.content
	w.marks[m] = old
}

func (w *Follower) path(m mark) (string, bool) {
	if m.dir == kern.NoDir {
		return "", true // the mark at the end of a Rewalk
	}
	path, _, ok := w.subject.Table.AppendPath(nil, m.dir)
	if len(path) > 0 && m.name != "" {
		path = append(path, '/')
	}
	return string(append(path, m.name...)), ok
}

// take makes the replica right where it is in doubt.
func (w *Follower) take() {
	for m, d := range w.marks {
		path, ok := w.path(m)
		if !ok {
			continue // it has left the tree
		}
		switch {
		case d.subtree:
			w.replica.Subtree(path)
		case d.listing:
			w.replica.Listing(path)
		default:
			// A file that was written but is not there has another name.
			if found := w.replica.Entry(path); !found && d.content {
				dir, _ := w.path(mark{m.dir, ""})
				w.replica.Listing(dir)
			}
		}
	}
	clear(w.marks)
}
