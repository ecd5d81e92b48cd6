package rsyncexec

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// mutator changes a tree at random and notes, as a watcher would, which names became dirty.
type mutator struct {
	t       testing.TB
	rnd     *rand.Rand
	dir     string
	dirty   map[string]bool // names: as the last event left them
	subtree map[string]bool // directories that came with, or replaced, content
	removed map[string]bool
}

func (m *mutator) abs(path string) string { return filepath.Join(m.dir, path) }

// pick is a random path: an existing directory's, or one of a few names in it.
func (m *mutator) pick() string {
	names := []string{"a", "b", "c", "d e", "#f", "n\nl", `\#012`, "\xff", "*"}
	path := ""
	for range 1 + m.rnd.IntN(3) {
		next := filepath.Join(path, names[m.rnd.IntN(len(names))])
		if path != "" && !isDir(m.abs(path)) {
			break
		}
		path = next
	}
	return path
}

func isDir(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

func (m *mutator) mark(paths ...string) {
	for _, p := range paths {
		m.dirty[p] = true
		if parent := filepath.Dir(p); parent != "." {
			m.dirty[parent] = true // its mtime
		}
	}
}

// step does one random change; one that can't be done there does nothing.
func (m *mutator) step() {
	path := m.pick()
	info, err := os.Lstat(m.abs(path))
	there := err == nil
	switch op := m.rnd.IntN(10); {
	case op <= 3 && (!there || info.Mode().IsRegular()):
		content := fmt.Sprintf("%08d", m.rnd.IntN(1e8)) // the same size always
		if op == 0 {
			content = content[:m.rnd.IntN(8)]
		}
		if os.WriteFile(m.abs(path), []byte(content), 0o644) == nil {
			m.mark(path)
		}
	case op == 4 && !there:
		if os.Mkdir(m.abs(path), 0o755) == nil {
			m.mark(path)
			m.subtree[path] = m.removed[path]
		}
	case op == 5 && there:
		must(m.t, os.RemoveAll(m.abs(path)))
		m.removed[path] = true
		m.mark(path)
	case op == 6 && there:
		to := m.pick()
		if os.Rename(m.abs(path), m.abs(to)) == nil {
			m.removed[path] = true
			m.mark(path, to)
			m.subtree[to] = m.subtree[to] || isDir(m.abs(to))
		}
	case op == 7 && !there:
		if os.Symlink(m.pick(), m.abs(path)) == nil {
			m.mark(path)
		}
	case op == 8 && there && info.Mode()&os.ModeSymlink == 0:
		must(m.t, os.Chmod(m.abs(path), []os.FileMode{0o600, 0o644, 0o755, 0o700}[m.rnd.IntN(4)]))
		m.mark(path)
	case op == 9 && there && info.Mode().IsRegular():
		at := time.Unix(1e9, int64(m.rnd.IntN(3))) // same second, same size
		must(m.t, os.Chtimes(m.abs(path), at, at))
		m.mark(path)
	}
}

// resolve is what a caller of this package must do: the topmost name that is not a directory.
func (m *mutator) resolve(path string) Item {
	top := ""
	for rest := path; ; {
		name, more, found := cutSlash(rest)
		top = filepath.Join(top, name)
		info, err := os.Lstat(m.abs(top))
		switch {
		case err != nil:
			return Item{Path: top, Missing: true}
		case !info.IsDir():
			return Item{Path: top}
		case !found:
			return Item{Path: top, Dir: true}
		}
		rest = more
	}
}

func cutSlash(s string) (name, rest string, found bool) {
	for i := range len(s) {
		if s[i] == '/' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// take gives the two runs' items for what is dirty.
func (m *mutator) take() (entries, trees []Item) {
	seen := map[Item]bool{}
	entries = []Item{{}}
	for path := range m.dirty {
		it := m.resolve(path)
		if seen[it] {
			continue
		}
		seen[it] = true
		entries = append(entries, it)
	}
	for path, on := range m.subtree {
		if it := m.resolve(path); on && it.Dir {
			trees = append(trees, it)
		}
	}
	m.dirty, m.subtree, m.removed = map[string]bool{}, map[string]bool{}, map[string]bool{}
	return entries, trees
}

// Random changes, the list pruned as callers must, the whole target compared after each batch.
func TestRandomChangesReachTheTarget(t *testing.T) {
	nearby(t, func(t *testing.T, o Options, dst string) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		src := t.TempDir()
		m := &mutator{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), dir: src}
		m.take()
		root, r := openRoot(t, src), NewRunner(o)
		deadline := time.Now().Add(time.Second)
		rounds := 0
		for ; !t.Failed() && (rounds < 5 || time.Now().Before(deadline)); rounds++ {
			for range 25 {
				m.step()
			}
			entries, trees := m.take()
			inv := Invocation{
				RootFD: root, Items: entries, Compare: Content, Delete: DeleteBudget, MaxDelete: -1,
			}
			run(t, r, inv)
			if len(trees) > 0 {
				inv.Items, inv.Compare, inv.Recursive = trees, Quick, true
				run(t, r, inv)
				run(t, r, Invocation{RootFD: root, Items: entries}) // directories' times
			}
			equal(t, src, dst)
		}
		t.Logf("%d batches", rounds)
	})
}
