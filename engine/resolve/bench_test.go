package resolve

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// spread makes a tree of n files, a hundred to a directory, and owes them all.
func spread(g *rig, n int) []task.Debt {
	var debts []task.Debt
	for i := range n {
		path := fmt.Sprintf("d%03d/f%02d", i/100, i%100)
		g.do("file " + path)
		debts = append(debts, task.Debt{Path: path, What: content, Seq: uint64(i + 1)})
	}
	slices.SortFunc(debts, func(a, b task.Debt) int { return comparePaths(a.Path, b.Path) })
	return debts
}

// BenchmarkResolve gives the cost of an entry and, measured in turns with it, the ratio to looking
// at the same paths and nothing else, which is one statx(2) each.
func BenchmarkResolve(b *testing.B) {
	const n = 10_000
	g := newRig(b, Options{Rate: func() (float64, float64) { return 1e9, 1e12 }})
	debts := spread(g, n)
	ctx := context.Background()
	var looking, resolving time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		looker := g.root.Looker(false)
		for i := range debts {
			if _, _, err := looker.Look(debts[i].Path); err != nil {
				b.Fatal(err)
			}
		}
		looker.Close()
		middle := time.Now()
		plan, err := g.r.Resolve(ctx, task.KindContent, debts)
		if err != nil || len(plan.Paid) != n {
			b.Fatalf("%d paid, %v", len(plan.Paid), err)
		}
		resolving += time.Since(middle)
		looking += middle.Sub(start)
	}
	b.ReportMetric(float64(resolving.Nanoseconds())/float64(b.N*n), "ns/entry")
	b.ReportMetric(float64(resolving)/float64(looking), "x-look")
}

// A plan costs a few allocations, not one an entry.
func TestAllocations(t *testing.T) {
	g := newRig(t, Options{})
	debts := spread(g, 1000)
	ctx := context.Background()
	got := testing.AllocsPerRun(5, func() {
		if _, err := g.r.Resolve(ctx, task.KindContent, debts); err != nil {
			t.Error(err)
		}
	})
	if got > 40 {
		t.Errorf("%v allocations for 1,000 debts in 10 directories, want at most 40", got)
	}
	t.Logf("%v allocations", got)
}
