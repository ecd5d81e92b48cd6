package inotify_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/sersync/sersync/kern/inotify"
	"github.com/sersync/sersync/kern/kerntest"
)

var seeds = flag.Uint64("seeds", 4, "how many seeds TestChaosWithSlowWalkers tries")

var firstSeed = flag.Uint64("seed", 1, "the first of them")

// TestChaosWithSlowWalkers holds walkers up at random between adding a watch and publishing it,
// where everything else can happen.
func TestChaosWithSlowWalkers(t *testing.T) {
	for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			slow := func(s *inotify.Source) { s.WrapAddWatch(delayed) }
			f := func(tb testing.TB) *kerntest.Subject { return subject(tb, slow) }
			r := rand.New(rand.NewPCG(seed, 0))
			kerntest.RunChaos(t, f, kerntest.Chaos{Seed: seed, Writers: 2 + r.IntN(3), Ops: 300},
				kerntest.Config{
					Walkers:    1 + r.IntN(6),
					BufferSize: []int{272, 400, 1024, 64 << 10}[r.IntN(4)],
					TakeEvery:  r.IntN(4),
					ReapEvery:  r.IntN(3),
					Stalled:    r.IntN(4) == 0,
				})
		})
	}
}

func delayed(add inotify.AddWatch) inotify.AddWatch {
	return func(fd, dirfd int, mask uint32) (int32, error) {
		yield()
		wd, err := add(fd, dirfd, mask)
		yield()
		return wd, err
	}
}

// yield gives way to the other goroutines, often not at all, sometimes for long.
func yield() {
	for n := rand.IntN(8); n == 0; n = rand.IntN(3) {
		for range rand.IntN(200) {
			runtime.Gosched()
		}
	}
}
