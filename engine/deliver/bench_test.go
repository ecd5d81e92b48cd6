package deliver

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sersync/sersync/engine/task"
)

// BenchmarkAdd sorts and owes a batch, as the dispatcher does; ns/entry is the figure to look at.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			debts := files(n)
			sorted := make([]task.Debt, n)
			b.ReportAllocs()
			for b.Loop() {
				copy(sorted, debts)
				slices.SortFunc(sorted, func(x, y task.Debt) int { return strings.Compare(x.Path, y.Path) })
				NewQueue(0).Add(epoch, sorted)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entry")
		})
	}
}

// BenchmarkCycle takes a batch out of a queue, has it admitted beside a run under way, and pays it.
func BenchmarkCycle(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			q := NewQueue(0)
			q.Add(epoch, []task.Debt{{Path: "elsewhere/long", What: task.Content}})
			other := q.Take(epoch, all())
			q.Admit(epoch, other, planOf(other))
			debts := files(n)
			b.ReportAllocs()
			for b.Loop() {
				q.Add(epoch, debts)
				batch := q.Take(epoch, Want{Idle: 1, Max: n})
				if !q.Admit(epoch, batch, planOf(batch)) {
					b.Fatal("refused")
				}
				q.settle(epoch, batch, settlement{})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entry")
		})
	}
}

// BenchmarkMerge owes again what is owed already.
func BenchmarkMerge(b *testing.B) {
	q := NewQueue(0)
	debts := files(10_000)
	q.Add(epoch, debts)
	b.ReportAllocs()
	for b.Loop() {
		q.Add(epoch, debts)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(debts)), "ns/entry")
}

// BenchmarkCollapse takes a queue over a ceiling of a million.
func BenchmarkCollapse(b *testing.B) {
	debts := files(DefaultCeiling + 1)
	for b.Loop() {
		q := NewQueue(0)
		b.StopTimer()
		q.Add(epoch, debts[:DefaultCeiling])
		b.StartTimer()
		q.Add(epoch, debts[DefaultCeiling:])
	}
}
