package deliver

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// node is one name of a tree. The quick check compares stamp only: bytes can change without it.
type node struct {
	dir   bool
	bytes int
	stamp int
	attr  int
}

// world is a source tree that changes at random, and the target tree that runs write.
type world struct {
	mu     sync.Mutex
	rng    *rand.Rand
	src    map[string]node
	dst    map[string]node
	ctime  map[string]int64
	tick   int
	seq    uint64
	broken map[string]bool // paths that rsync can't do at the moment
	large  map[string]bool // paths that the target has no room for at the moment
}

func newWorld(seed uint64) *world {
	return &world{
		rng: rand.New(rand.NewPCG(seed, 1)),
		src: map[string]node{"": {dir: true}}, dst: map[string]node{"": {dir: true}},
		ctime: map[string]int64{}, broken: map[string]bool{}, large: map[string]bool{},
	}
}

func (w *world) intn(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.IntN(n)
}

func (w *world) chance(percent int) bool { return w.intn(100) < percent }

// debt makes a debt of what happens now.
func (w *world) debt(path string, scope task.Scope, what task.What) task.Debt {
	w.seq++
	return task.Debt{Path: path, Scope: scope, What: what, Since: time.Now().UnixNano(), Seq: w.seq}
}

func (w *world) next() int { w.tick++; return w.tick }

// touchDir is what any change of its entries does to a directory; no event names it.
func (w *world) touchDir(path string) {
	if dir, ok := parentOf(path); ok {
		n := w.src[dir]
		n.attr = w.next()
		w.src[dir] = n
		w.ctime[dir] = time.Now().UnixNano()
	}
}

// change does one random operation and returns what a watcher would owe for it.
func (w *world) change() []task.Debt {
	w.mu.Lock()
	defer w.mu.Unlock()
	paths := slices.Sorted(maps.Keys(w.src))
	path := paths[w.rng.IntN(len(paths))]
	n := w.src[path]
	now := time.Now().UnixNano()
	switch op := w.rng.IntN(100); {
	case op < 30 && n.dir:
		return w.create(join(path, string(rune('a'+w.rng.IntN(4)))))
	case op < 70 && !n.dir:
		n.bytes = w.next()
		if w.rng.IntN(2) == 0 {
			n.stamp = n.bytes // the other half are stores through a mapping
		}
		w.src[path], w.ctime[path] = n, now
		return []task.Debt{w.debt(path, task.Entry, task.Content)}
	case op < 80 && path != "":
		n.attr = w.next()
		w.src[path], w.ctime[path] = n, now
		return []task.Debt{w.debt(path, task.Entry, task.Attr)}
	case op < 90 && path != "":
		return w.remove(path)
	case path != "":
		return w.rename(path)
	}
	return nil
}

func (w *world) create(path string) []task.Debt {
	if _, ok := w.src[path]; ok {
		return nil
	}
	n := node{dir: w.rng.IntN(3) == 0, bytes: w.next(), stamp: w.next(), attr: w.next()}
	w.src[path], w.ctime[path] = n, time.Now().UnixNano()
	w.touchDir(path)
	if n.dir {
		return []task.Debt{w.debt(path, task.Entry, task.Attr), w.debt(path, task.Subtree, task.Attr)}
	}
	return []task.Debt{w.debt(path, task.Entry, task.Attr|task.Content)}
}

func (w *world) remove(path string) []task.Debt {
	what := task.Attr | task.Left
	if w.src[path].dir {
		what |= task.WasDir
	}
	for _, p := range below(w.src, path) {
		delete(w.src, p)
	}
	w.touchDir(path)
	return []task.Debt{w.debt(path, task.Entry, what)}
}

func (w *world) rename(path string) []task.Debt {
	to := join(func() string { d, _ := parentOf(path); return d }(), string(rune('a'+w.rng.IntN(4))))
	if _, ok := w.src[to]; ok || to == path {
		return nil
	}
	moved := make(map[string]node)
	for _, p := range below(w.src, path) {
		moved[to+p[len(path):]] = w.src[p]
		w.ctime[to+p[len(path):]] = w.ctime[p]
	}
	dir := w.src[path].dir
	debts := w.remove(path)
	maps.Copy(w.src, moved)
	w.ctime[to] = time.Now().UnixNano()
	w.touchDir(to)
	if dir {
		return append(debts, w.debt(to, task.Entry, task.Attr), w.debt(to, task.Subtree, task.Attr))
	}
	return append(debts, w.debt(to, task.Entry, task.Attr|task.Content))
}

// below returns path and all paths below it that a tree has, sorted.
func below(tree map[string]node, path string) []string {
	var all []string
	for p := range tree {
		if within(p, path) {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return all
}

func join(dir, name string) string { return strings.TrimPrefix(dir+"/"+name, "/") }

func (w *world) same() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var wrong []string
	for p, n := range w.src {
		got, ok := w.dst[p]
		if n.dir {
			got.bytes, got.stamp, n.bytes, n.stamp = 0, 0, 0, 0
		}
		if p == "" {
			got.attr, n.attr = 0, 0 // rsync sends the root's attributes only where it is listed
		}
		if !ok || got != n {
			wrong = append(wrong, fmt.Sprintf("%q: source %+v, target %+v (there: %v)", p, n, got, ok))
		}
	}
	for p := range w.dst {
		if _, ok := w.src[p]; !ok {
			wrong = append(wrong, fmt.Sprintf("%q: only on the target", p))
		}
	}
	if wrong == nil {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("trees differ:\n%s", strings.Join(wrong, "\n"))
}

// breakOne makes a path one that rsync can't do, until mend.
func (w *world) breakOne() {
	w.mu.Lock()
	defer w.mu.Unlock()
	paths := slices.Sorted(maps.Keys(w.src))
	if path := paths[w.rng.IntN(len(paths))]; path != "" {
		w.broken[path] = true
	}
}

// enlargeOne makes a path one that the target has no room for, until mend.
func (w *world) enlargeOne() {
	w.mu.Lock()
	defer w.mu.Unlock()
	paths := slices.Sorted(maps.Keys(w.src))
	w.large[paths[w.rng.IntN(len(paths))]] = true
}

func (w *world) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.broken)
	clear(w.large)
}
