package kerntest

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Replica is a copy of a tree that is brought up to date one path at a time, as a mirror does it:
// what is on disk at that moment decides.
type Replica struct {
	root    string
	skip    Skip
	entries map[string]string // path below root: kind, mode and content
}

// NewReplica returns a copy of the tree at root as it is now.
func NewReplica(root string, skip Skip) *Replica {
	r := &Replica{root: root, skip: skip, entries: map[string]string{}}
	r.Subtree("")
	return r
}

// Entry makes one path right: its kind, mode and content, or its absence. It reports whether there
// is something.
func (r *Replica) Entry(p string) (found bool) {
	for i := range p {
		if p[i] == '/' && !r.single(p[:i]) {
			return false
		}
	}
	found = r.single(p)
	return found || r.describe(p) != ""
}

// Listing makes the entries of a directory right, but not what is below them.
func (r *Replica) Listing(dir string) {
	if !r.Entry(dir) {
		return
	}
	names := r.below(dir, false)
	list, _ := os.ReadDir(filepath.Join(r.root, dir))
	for _, e := range list {
		names = append(names, path.Join(dir, e.Name()))
	}
	for _, name := range names {
		r.single(name)
	}
}

// Subtree makes a path and all below it right.
func (r *Replica) Subtree(p string) {
	r.Entry(p)
	for _, old := range r.below(p, true) {
		r.Entry(old)
	}
	r.walk(p)
}

func (r *Replica) walk(p string) {
	if !r.single(p) {
		return
	}
	list, _ := os.ReadDir(filepath.Join(r.root, p))
	for _, e := range list {
		r.walk(path.Join(p, e.Name()))
	}
}

// single looks at one path, whose parents are directories, and reports whether it is one.
func (r *Replica) single(p string) (isDir bool) {
	now := r.describe(p)
	isDir = strings.HasPrefix(now, "d")
	if !isDir {
		for _, old := range r.below(p, true) {
			delete(r.entries, old)
		}
	}
	if now == "" || p == "" {
		delete(r.entries, p)
	} else {
		r.entries[p] = now
	}
	return isDir
}

// describe says what is at p on disk; nothing if it is excluded.
func (r *Replica) describe(p string) string {
	full := filepath.Join(r.root, p)
	info, err := os.Lstat(full)
	if err != nil || r.excluded(p, info.IsDir()) {
		return ""
	}
	switch info.Mode().Type() {
	case 0:
		content, err := os.ReadFile(full)
		if err != nil {
			return ""
		}
		return fmt.Sprintf("-%v %q", info.Mode().Perm(), content)
	case fs.ModeDir:
		return fmt.Sprintf("d%v", info.Mode().Perm())
	case fs.ModeSymlink:
		target, _ := os.Readlink(full)
		return "l " + target
	default:
		return info.Mode().String()
	}
}

func (r *Replica) excluded(p string, isDir bool) bool {
	if r.skip == nil || p == "" {
		return false
	}
	for i := range p {
		if p[i] == '/' && r.skip([]byte(p[:i]), true) {
			return true
		}
	}
	return r.skip([]byte(p), isDir)
}

// below returns what the replica has in dir, directly or at any depth.
func (r *Replica) below(dir string, deep bool) []string {
	var found []string
	for p := range r.entries {
		rest, ok := strings.CutPrefix(p, dir+"/")
		if dir == "" {
			rest, ok = p, true
		}
		if ok && (deep || !strings.Contains(rest, "/")) {
			found = append(found, p)
		}
	}
	slices.Sort(found)
	return found
}

// Diff returns what is different on disk, one line for each path.
func (r *Replica) Diff() []string {
	truth := NewReplica(r.root, r.skip)
	var lines []string
	for p, want := range truth.entries {
		if got := r.entries[p]; got != want {
			lines = append(lines, fmt.Sprintf("%s: is %s, replica has %q", p, want, got))
		}
	}
	for p, got := range r.entries {
		if truth.entries[p] == "" {
			lines = append(lines, fmt.Sprintf("%s: is gone, replica has %q", p, got))
		}
	}
	slices.Sort(lines)
	return lines
}
