package scan

import (
	"sync"

	"github.com/sersync/sersync/kern/internal/sys"
)

// node is a directory that the walk has found: waiting to be opened, being read, or read and kept
// because children wait that are opened relative to it.
type node struct {
	parent  *node
	name    []byte // with its NUL
	key     uint64 // what Enter said; written before the first child is queued
	depth   int
	pathLen int
	reading bool // it is among the suspended: open, and read in part

	mu sync.Mutex
	fd int // -1: not open
	// pending counts the children that still need fd, and 1 while it is being read.
	pending int
	users   int  // calls under way that use fd
	parked  bool // fd was let go though children are pending; dev and ino say who it was
	dev     uint64
	ino     uint64
}

// child returns a new node below n.
func (n *node) child(nameNUL []byte) *node {
	length := len(nameNUL) - 1
	if n.pathLen > 0 {
		length += n.pathLen + 1
	}
	return &node{
		parent: n, name: append([]byte(nil), nameNUL...), depth: n.depth + 1, pathLen: length, fd: -1,
	}
}

// base is the name without its NUL.
func (n *node) base() []byte {
	if len(n.name) == 0 {
		return nil
	}
	return n.name[: len(n.name)-1 : len(n.name)-1]
}

// acquire returns the descriptor, or -1 if it is not open, and keeps it open until a drop of one
// user.
func (n *node) acquire() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fd >= 0 {
		n.users++
	}
	return n.fd
}

// expect adds children that are going to be opened relative to n.
func (n *node) expect(children int) {
	n.mu.Lock()
	n.pending += children
	n.mu.Unlock()
}

// drop takes back pending children and users; the last one closes the descriptor. Through it a
// parked parent is found again first, and returned, so that walking back up a deep chain costs one
// step a level.
func (n *node) drop(c calls, pending, users int) (unparked *node) {
	n.mu.Lock()
	n.pending -= pending
	n.users -= users
	if n.pending > 0 || n.users > 0 {
		n.mu.Unlock()
		return nil
	}
	fd := n.fd
	n.fd, n.parked = -1, false
	n.mu.Unlock()
	if fd < 0 {
		return nil
	}
	if n.parent != nil && n.parent.unparkFromChild(c, fd) {
		unparked = n.parent
	}
	sys.Close(fd)
	return unparked
}

// open reports that n holds a descriptor.
func (n *node) open() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fd >= 0
}

// park lets the descriptor go, unless somebody uses it just now, and remembers who it was. It
// returns false if it stays open.
func (n *node) park(c calls) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fd < 0 {
		return true
	}
	if n.users > 0 {
		return false
	}
	var raw sys.Statx
	if err := c.stat(n.fd, []byte{0}, sys.StatMask, &raw); err != nil {
		return false // one descriptor more is better than a directory less
	}
	n.dev, n.ino = sys.Dev(&raw), raw.Ino
	sys.Close(n.fd)
	n.fd, n.parked = -1, true
	return true
}

// unpark gives a descriptor back to a parked node if it leads to the same directory; otherwise, or
// if another worker was faster, it is closed.
func (n *node) unpark(c calls, fd int) bool {
	var raw sys.Statx
	err := c.stat(fd, []byte{0}, sys.StatMask, &raw)
	n.mu.Lock()
	defer n.mu.Unlock()
	same := err == nil && raw.Ino == n.ino && sys.Dev(&raw) == n.dev
	if !same || !n.parked {
		sys.Close(fd)
		return same
	}
	n.fd, n.parked = fd, false
	return true
}

// unparkFromChild is unpark by "..", which leads to n unless the child was moved.
func (n *node) unparkFromChild(c calls, fd int) bool {
	n.mu.Lock()
	parked := n.parked
	n.mu.Unlock()
	if !parked {
		return false
	}
	up, err := sys.Openat(fd, []byte("..\x00"), sys.OpenPath)
	return err == nil && n.unpark(c, up)
}
