package kerntest

import (
	"fmt"
	"testing"
)

// Run runs the suite against the Sources that f makes.
func Run(t *testing.T, f Factory) {
	t.Run("scripts", func(t *testing.T) { runScripts(t, f) })
	for seed := range uint64(3) {
		for _, config := range []Config{
			{},
			{Walkers: 4, TakeEvery: 3},
			{Walkers: 3, BufferSize: 512, TakeEvery: 1},
			{Walkers: 4, BufferSize: 272, Stalled: true},
		} {
			name := fmt.Sprintf("chaos/%d/%d walkers, %d bytes, stalled %v",
				seed, config.Walkers, config.BufferSize, config.Stalled)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				RunChaos(t, f, Chaos{Seed: seed * 1000, Writers: 3, Ops: 300}, config)
			})
		}
	}
}
