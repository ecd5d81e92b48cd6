package scan

import (
	"errors"
	"syscall"

	"github.com/sersync/sersync/kern/internal/sys"
)

// The directories that stay open because children wait are bounded: beyond its share a worker parks
// those that it needs last. They are found again from a child, by "..", on the way back up, or by
// their names from the nearest directory above that is open, and only taken for the same ones if
// device and inode say so.

// drop is node.drop; what that opened in passing counts as kept.
func (w *worker) drop(n *node, pending, users int) {
	if up := n.drop(w.walk.calls, pending, users); up != nil {
		w.hold(up)
	}
}

// hold notes that n stays open. When this worker holds its share of descriptors, a quarter of them
// is parked, the oldest first: they are needed last.
func (w *worker) hold(n *node) {
	if n.parent == nil {
		return // where the walk starts; it is open to the end anyway
	}
	w.kept = append(w.kept, n)
	if len(w.kept) < w.keep {
		return
	}
	open := w.kept[:0]
	for _, k := range w.kept {
		if k.open() {
			open = append(open, k)
		}
	}
	still := open
	if len(open) > w.keep*3/4 {
		still = open[:0]
		left := max(w.keep/4, 1)
		for _, k := range open {
			if left > 0 && k.park(w.walk.calls) {
				left--
				continue
			}
			still = append(still, k)
		}
	}
	clear(w.kept[len(still):])
	w.kept = still
}

// reopen finds a parked directory again, from the nearest one above that is open.
func (w *worker) reopen(n *node) error {
	w.chain = append(w.chain[:0], n)
	up := n.parent
	fd := up.acquire()
	for fd < 0 {
		w.chain = append(w.chain, up)
		up = up.parent
		fd = up.acquire()
	}
	defer w.drop(up, 0, 1)
	dirfd := fd
	for i := len(w.chain) - 1; i >= 0; i-- {
		next, err := w.walk.calls.openChild(dirfd, w.chain[i].name, sys.OpenPath, w.walk.mount)
		if dirfd != fd {
			sys.Close(dirfd)
		}
		if sys.Gone(err) || errors.Is(err, syscall.EXDEV) {
			// Not necessarily deleted: it, or one above it, may have another name now.
			return ErrMoved
		}
		if err != nil {
			return err
		}
		dirfd = next
	}
	if !n.unpark(w.walk.calls, dirfd) {
		return ErrMoved
	}
	w.hold(n)
	return nil
}
