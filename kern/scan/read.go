package scan

import (
	"context"

	"github.com/sersync/sersync/kern/internal/sys"
)

// read reads the entries of n and queues the directories among them. A large one may be left for
// later in the middle.
func (w *worker) read(ctx context.Context, n *node) {
	n.reading = true
	buf := w.walk.root.buffers.Get().(*[bufferSize]byte)
	defer w.walk.root.buffers.Put(buf)
	for !w.walk.halted(ctx) {
		size, err := sys.Getdents(n.fd, buf[:])
		if err == nil && size > 0 {
			err = w.entries(n, buf[:size])
		} else if size == 0 && err == nil || sys.Gone(err) {
			break
		}
		waiting := w.spread(ctx, n)
		if err != nil {
			w.walk.fail(w.pathTo(n), "read", err)
			break
		}
		if waiting >= queueHigh && len(w.suspended) < suspendedMax {
			w.suspended = append(w.suspended, n)
			return
		}
	}
	w.leave(n)
}

// spread queues what entries found and returns how many are waiting.
func (w *worker) spread(ctx context.Context, n *node) (waiting int) {
	if len(w.fresh) == 0 {
		return w.queue.len()
	}
	n.expect(len(w.fresh))
	w.walk.left.Add(int64(len(w.fresh)))
	waiting = w.queue.push(w.fresh)
	clear(w.fresh)
	w.fresh = w.fresh[:0]
	if waiting > 1 {
		w.walk.share(ctx)
	}
	return waiting
}

// entries decodes one buffer.
func (w *worker) entries(n *node, buf []byte) error {
	o := &w.walk.opts
	paths := o.Skip != nil || o.Entry != nil
	var dirLen int
	if paths {
		dirLen = len(w.slashed(n))
	}
	var d sys.Dirent
	for len(buf) > 0 {
		var err error
		if buf, err = sys.NextDirent(buf, &d); err != nil {
			return err
		}
		if dots(d.Name) {
			continue
		}
		kind, known := kindOfType(d.Type)
		w.stat = Stat{Kind: kind}
		if !known && !w.look(n, &d) {
			continue
		}
		if paths {
			w.path = append(w.path[:dirLen], d.Name...)
		}
		if o.Skip != nil && o.Skip(w.path, w.stat.isDir()) {
			continue
		}
		if known && o.Stat && !w.look(n, &d) {
			continue
		}
		if o.Entry != nil {
			o.Entry(n.key, w.path, d.Name, &w.stat)
		}
		if w.stat.Kind == KindDir {
			w.fresh = append(w.fresh, n.child(d.NameNUL))
		}
	}
	return nil
}

// look fills w.stat. It returns false where there is nothing to say of the name: it left
// meanwhile, or looking failed.
func (w *worker) look(n *node, d *sys.Dirent) bool {
	err := w.walk.calls.look(n.fd, d.NameNUL, w.walk.mount, &w.raw, &w.stat)
	if err != nil {
		w.walk.fail(append(w.slashed(n), d.Name...), "stat", err)
		return false
	}
	return w.stat.Kind != KindMissing
}

// slashed returns the path of n with what must stand before the name of an entry.
func (w *worker) slashed(n *node) []byte {
	w.path = w.pathTo(n)
	if len(w.path) > 0 {
		w.path = append(w.path, '/')
	}
	return w.path
}

// pathTo returns the path of n. It is built from that of the directory that was asked for last:
// the walk goes into depth, so the two are neighbours most of the time.
func (w *worker) pathTo(n *node) []byte {
	a := w.at
	w.chain = w.chain[:0]
	for b := n; a != b; {
		if a.depth > b.depth {
			a = a.parent
			continue
		}
		w.chain = append(w.chain, b)
		b = b.parent
	}
	path := w.path[:a.pathLen]
	for i := len(w.chain) - 1; i >= 0; i-- {
		if len(path) > 0 {
			path = append(path, '/')
		}
		path = append(path, w.chain[i].base()...)
	}
	clear(w.chain)
	w.at, w.path = n, path
	return path
}

func dots(name []byte) bool {
	return name[0] == '.' && (len(name) == 1 || len(name) == 2 && name[1] == '.')
}
