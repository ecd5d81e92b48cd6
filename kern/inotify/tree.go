package inotify

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sersync/sersync/kern/scan"
)

// ErrOverlap is returned by AddRoot for a tree inside another one of the Source, or around it: a
// directory has one watch, which reports under one name. Two Sources can do it.
var ErrOverlap = errors.New("trees of one inotify instance overlap")

// ErrNoTree is returned for a tree number that has no root.
var ErrNoTree = errors.New("no such tree")

// tree is one AddRoot.
type tree struct {
	number int
	serial int32 // tells what a walk of an earlier root of the same number publishes
	root   *scan.Root
	skip   func(path []byte, isDir bool) bool
}

// register adds a tree, in place of one with the same number.
func (s *Source) register(
	number int, root *scan.Root, skip func([]byte, bool) bool,
) (*tree, error) {
	s.treesMu.Lock()
	defer s.treesMu.Unlock()
	for other, t := range s.trees {
		if a, b := t.root.Path(), root.Path(); other != number && (within(a, b) || within(b, a)) {
			return nil, fmt.Errorf("watch %s and %s: %w", a, b, ErrOverlap)
		}
	}
	s.lastTree++
	t := &tree{number: number, serial: s.lastTree, root: root, skip: skip}
	s.trees[number] = t
	return t, nil
}

func (s *Source) tree(number int) (*tree, error) {
	s.treesMu.Lock()
	defer s.treesMu.Unlock()
	if t := s.trees[number]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("tree %d: %w", number, ErrNoTree)
}

// current reports whether n is about the tree that has its number now.
func (s *Source) current(n notice) bool {
	t, err := s.tree(int(n.tree))
	return err == nil && t.serial == n.serial
}

// excluded reports whether the directory at path is not to be watched.
func (s *Source) excluded(number int, path []byte) bool {
	t, err := s.tree(number)
	return err == nil && t.skip != nil && len(path) > 0 && t.skip(path, true)
}

// DropTree ends the watching of a tree: its directories leave the table when Decode is called
// next, and Reap removes their watches. Walks of it that are under way end by their context.
func (s *Source) DropTree(number int) {
	s.treesMu.Lock()
	t := s.trees[number]
	delete(s.trees, number)
	s.treesMu.Unlock()
	if t != nil {
		s.published.append(notice{kind: drop, tree: int32(number)}, nil)
		s.Wake()
	}
}

// within reports whether path is dir or lies below it.
func within(path, dir string) bool {
	return path == dir || dir == "/" ||
		len(path) > len(dir) && path[len(dir)] == '/' && strings.HasPrefix(path, dir)
}
