package kern

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// fill puts n directories, a hundred to a parent, with names as they are on servers.
func fill(table *DirTable, n int) []DirID {
	ids := make([]DirID, 0, n)
	ids = append(ids, table.Root(1, 0))
	var name []byte
	for i := 1; i < n; i++ {
		name = fmt.Appendf(name[:0], "directory-%d", i)
		ids = append(ids, table.Put(ids[(i-1)/100], name, uint64(i+1), 1))
	}
	return ids
}

// BenchmarkMillion reports what a million directories cost: all memory of the process that is
// theirs, and a garbage collection with them.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		before, empty := heapInUse(), collect()
		start := time.Now()
		table := NewDirTable()
		b.StopTimer()
		fill(table, n)
		took := time.Since(start)
		after := heapInUse()
		gc := collect()
		b.ReportMetric(float64(after-before)/n, "bytes/dir")
		b.ReportMetric(float64(table.Bytes())/n, "table-bytes/dir")
		b.ReportMetric(float64(gc.Microseconds())/1000, "gc-ms")
		b.ReportMetric(float64(empty.Microseconds())/1000, "gc-ms-without")
		b.ReportMetric(float64(took.Nanoseconds())/n, "put-ns/dir")
		runtime.KeepAlive(table)
		b.StartTimer()
	}
}

// collect returns the shortest of some collections: other programs run here too.
func collect() time.Duration {
	shortest := time.Hour
	for range 5 {
		start := time.Now()
		runtime.GC()
		shortest = min(shortest, time.Since(start))
	}
	return shortest
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

func BenchmarkByKey(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		table := NewDirTable()
		fill(table, n)
		b.Run(fmt.Sprintf("same/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.ByKey(17)
			}
		})
		b.Run(fmt.Sprintf("random/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			x := uint32(1)
			for b.Loop() {
				x = x*1664525 + 1013904223
				table.ByKey(uint64(x)%uint64(n) + 1)
			}
		})
	}
}

func BenchmarkAppendPath(b *testing.B) {
	table := NewDirTable()
	ids := fill(table, 1_000_000)
	b.ReportAllocs()
	var path []byte
	x := uint32(1)
	for b.Loop() {
		x = x*1664525 + 1013904223
		path, _, _ = table.AppendPath(path[:0], ids[x%uint32(len(ids))])
	}
}

func BenchmarkMove(b *testing.B) {
	table := NewDirTable()
	ids := fill(table, 1_000_000)
	b.ReportAllocs()
	names := [][]byte{[]byte("one"), []byte("other")}
	i := 0
	for b.Loop() {
		i++
		table.Move(ids[5], ids[0], names[i&1])
	}
}
