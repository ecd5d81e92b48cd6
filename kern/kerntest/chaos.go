package kerntest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Chaos lets several writers change a tree at random, in ways that meet each other: the same few
// names, at small depth, directories renamed and replaced while they are written to and walked.
type Chaos struct {
	Seed    uint64
	Writers int
	Ops     int // of each writer
}

// run changes the tree until every writer has done its operations.
func (c Chaos) run(tree, outside string) {
	var wg sync.WaitGroup
	for i := range c.Writers {
		wg.Go(func() {
			w := chaosWriter{newDisk(tree, outside), rand.New(rand.NewPCG(c.Seed, uint64(i)))}
			for n := range c.Ops {
				// Most fail, because the tree is not what the writer thinks. That is the point.
				_ = w.step(n)
			}
		})
	}
	wg.Wait()
}

type chaosWriter struct {
	disk *disk
	rand *rand.Rand
}

// name is one of few, at a depth of one to four.
func (w chaosWriter) name(outside bool) string {
	path := ""
	if outside && w.rand.IntN(8) == 0 {
		path = "@/"
	}
	for i := range 1 + w.rand.IntN(4) {
		if i > 0 {
			path += "/"
		}
		path += string(rune('a' + w.rand.IntN(4)))
	}
	return path
}

// step does one thing. Written texts are never the same, so that a stale copy shows.
func (w chaosWriter) step(n int) error {
	switch text := fmt.Sprintf("%d-%x", n, w.rand.Uint32()); w.rand.IntN(20) {
	case 0, 1, 2:
		return w.disk.do("mkdir", w.name(true))
	case 3, 4:
		return w.disk.do("mkdir-p", w.name(true))
	case 5, 6, 7, 8:
		return w.disk.do("write", w.name(true)+"/f"+text[:1], text)
	case 9:
		return w.disk.do("append", w.name(false)+"/f", text)
	case 10, 11, 12, 13, 14:
		return w.disk.do("mv", w.name(true), w.name(true))
	case 15:
		return w.disk.do("exchange", w.name(true), w.name(true))
	case 16:
		return w.disk.do("rm-r", w.name(true))
	case 17:
		return w.disk.do("chmod", w.name(false), []string{"700", "755"}[w.rand.IntN(2)])
	case 18:
		return w.disk.do("symlink", w.name(false), text)
	default:
		return w.disk.do("mkdir-p", w.name(false)+"/x/y/z")
	}
}

// RunChaos changes a tree at random while it is followed, and checks that nothing was lost, that
// the table is right and that, in the end, exactly the directories of the tree are watched.
func RunChaos(t *testing.T, f Factory, c Chaos, config Config) {
	t.Helper()
	base := t.TempDir()
	tree, outside := filepath.Join(base, "tree"), filepath.Join(base, "outside")
	for _, dir := range []string{tree, outside} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// There is something to walk, and to be changed while it is walked.
	Chaos{Seed: c.Seed + 1, Writers: 1, Ops: 50}.run(tree, outside)
	config.Dir = tree
	follower := Follow(t, f, config)
	c.run(tree, outside)
	if config.Stalled {
		follower.Resume()
	}
	follower.Check()
	follower.CheckTable(false)
	// What the table knows must also be what is watched.
	Chaos{Seed: c.Seed + 2, Writers: 1, Ops: 50}.run(tree, outside)
	follower.Check()
	follower.Reap()
	follower.Settle()
	follower.CheckTable(true)
}
