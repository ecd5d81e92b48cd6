package scan

import (
	"testing"
	"time"

	"github.com/sersync/sersync/kern/internal/sys"
)

func seconds(f func()) float64 {
	start := time.Now()
	f()
	return time.Since(start).Seconds()
}

// statAll is the least that has to be done for paths: one statx each.
func statAll(b *testing.B, dirfd int, paths [][]byte) {
	var st sys.Statx
	for _, p := range paths {
		if err := sys.StatxAt(dirfd, p, sys.StatMask, &st); err != nil {
			b.Fatal(err)
		}
	}
}
