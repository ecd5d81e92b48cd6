package track

import (
	"context"
	"strings"
	"time"

	"github.com/sersync/sersync/engine/dirty"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/scan"
)

// maxLinks bounds the names that the index knows: about 60 MB. Past it files with several names
// are sent under the name that was written through only, until a full pass; the log says so.
const maxLinks = 1 << 18

// Inode is a file of a tree, whatever its names.
type Inode struct {
	Tree     int
	Dev, Ino uint64
}

type linkName struct {
	dir  kern.DirID
	name string
}

// links knows the names of files that have several, since an event names only the one that was
// used: what is written through one name must reach the target under each of them. Names are kept
// by directory id, so that a rename of a directory costs nothing here.
//
// It is owned by the tracker goroutine.
type links struct {
	byName  map[linkName]Inode
	byInode map[Inode][]linkName
	wanted  map[Inode]bool // asked for while some of its names were unknown
	full    bool           // maxLinks was reached; said once
}

func newLinks() links {
	return links{map[linkName]Inode{}, map[Inode][]linkName{}, map[Inode]bool{}, false}
}

// learn adds a name; the file's former ones stay.
func (l *links) learn(n linkName, i Inode) (ok bool) {
	if old, known := l.byName[n]; known {
		if old == i {
			return true
		}
		l.forget(n)
	}
	if len(l.byName) >= maxLinks {
		return false
	}
	l.byName[n] = i
	l.byInode[i] = append(l.byInode[i], n)
	return true
}

func (l *links) forget(n linkName) {
	i, ok := l.byName[n]
	if !ok {
		return
	}
	delete(l.byName, n)
	names := l.byInode[i]
	for k, other := range names {
		if other == n {
			names[k] = names[len(names)-1]
			names = names[:len(names)-1]
			break
		}
	}
	if l.byInode[i] = names; len(names) == 0 {
		delete(l.byInode, i)
	}
}

// spread returns the other names of the file that c is about. A name that left is forgotten, after
// it has been used once more: a write through it came before.
func (l *links) spread(c dirty.Changed) []linkName {
	if len(l.byName) == 0 || c.Mark&dirty.Entry == 0 {
		return nil
	}
	i, ok := l.byName[linkName{c.Dir, string(c.Name)}]
	if !ok {
		return nil
	}
	others := l.byInode[i]
	if c.Mark.What()&task.Left != 0 {
		l.forget(linkName{c.Dir, string(c.Name)})
		others = l.byInode[i]
	}
	return others
}

// Names returns the known paths of the file that was just seen at path with nlink links, that path
// among them. If there are fewer than nlink, a scan looks for the missing ones, and marks them all
// dirty when it has found them.
func (t *Tracker) Names(i Inode, path string, nlink uint32) []string {
	var names []string
	t.do(func() {
		if n, ok := t.nameOf(i.Tree, path); ok {
			t.learnLink(n, i)
		}
		for _, n := range t.links.byInode[i] {
			if p, ok := t.pathOf(i.Tree, n); ok {
				names = append(names, p)
			}
		}
		if len(names) < int(nlink) && !t.links.wanted[i] && !t.links.full {
			t.links.wanted[i] = true
			select {
			case t.linkScan <- struct{}{}:
			default:
			}
		}
	})
	return names
}

func (t *Tracker) learnLink(n linkName, i Inode) {
	if !t.links.learn(n, i) && !t.links.full {
		t.links.full = true
		t.opts.Log.Warn("too many hard links to follow: a change through one name reaches the "+
			"others with the next full pass only", "known", maxLinks)
	}
}

// nameOf finds the directory of a path in the table.
func (t *Tracker) nameOf(tree int, path string) (linkName, bool) {
	dir := t.table.RootOf(tree)
	for {
		name, rest, more := strings.Cut(path, "/")
		if !more {
			return linkName{dir, name}, dir != kern.NoDir
		}
		if dir = t.table.Child(dir, []byte(name)); dir == kern.NoDir {
			return linkName{}, false
		}
		path = rest
	}
}

func (t *Tracker) pathOf(tree int, n linkName) (string, bool) {
	path, in, ok := t.table.AppendPath(t.scratch[:0], n.dir)
	t.scratch = path
	if !ok || in != tree {
		return "", false
	}
	if len(path) > 0 {
		path = append(path, '/')
	}
	path = append(path, n.name...)
	t.scratch = path
	return string(path), true
}

// linkScans looks for the names of files that have more than the index knows, one scan at a time,
// with a pause as long as the last one took.
func (t *Tracker) linkScans(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.linkScan:
		}
		began := time.Now()
		for tree := range t.opts.Trees {
			if err := t.scanLinks(ctx, tree); err != nil && ctx.Err() == nil {
				t.opts.Log.Warn("look for hard links", "err", err)
			}
		}
		t.do(t.markWanted)
		if !wait(ctx, max(time.Since(began), time.Second)) {
			return
		}
	}
}

// found is a name that a scan came across.
type found struct {
	path string
	Inode
}

// linkChunk is how many names a scan hands to the tracker at a time.
const linkChunk = 512

func (t *Tracker) scanLinks(ctx context.Context, tree int) error {
	root := t.opts.Trees[tree].Root()
	if root == nil {
		return nil
	}
	names := make(chan found, linkChunk)
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.learnFound(names)
	}()
	err := root.Walk(ctx, "", 0, scan.WalkOptions{
		Stat: true,
		Skip: t.opts.Trees[tree].Rules.Excluded,
		Entry: func(_ uint64, path, _ []byte, st *scan.Stat) {
			if st.Kind == scan.KindFile && st.Nlink > 1 {
				names <- found{string(path), Inode{tree, st.Dev, st.Ino}}
			}
		},
		Fail: func([]byte, error) {},
	})
	close(names)
	<-done
	return err
}

// learnFound hands what a scan found to the tracker in pieces, so that events are not held up.
func (t *Tracker) learnFound(names <-chan found) {
	var chunk []found
	flush := func() {
		t.do(func() {
			for _, f := range chunk {
				if n, ok := t.nameOf(f.Tree, f.path); ok {
					t.learnLink(n, f.Inode)
				}
			}
		})
		chunk = chunk[:0]
	}
	for f := range names {
		if chunk = append(chunk, f); len(chunk) == linkChunk {
			flush()
		}
	}
	if len(chunk) > 0 {
		flush()
	}
}

// markWanted makes every name dirty of the files that a scan was asked for.
func (t *Tracker) markWanted() {
	t.now = time.Now().UnixNano()
	for i := range t.links.wanted {
		for _, n := range t.links.byInode[i] {
			t.add(n.dir, []byte(n.name), written)
		}
	}
	clear(t.links.wanted)
}
