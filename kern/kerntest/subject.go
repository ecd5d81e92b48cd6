package kerntest

import (
	"context"
	"testing"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/scan"
)

// Skip says which names are excluded.
type Skip func(path []byte, isDir bool) bool

// Subject is a Source under test, with the calls that lead to its table. Enter and Rewalk may do
// nothing where one mark covers a filesystem.
type Subject struct {
	kern.Source
	Table   *kern.DirTable
	AddRoot func(ctx context.Context, tree int, root *scan.Root, skip Skip) error
	Enter   func(ctx context.Context, tree int, path string, parentKey uint64, name []byte) error
	Rewalk  func(ctx context.Context, tree int) error
	// Reap may be nil. It is told that an hour has passed since the last time.
	Reap func(now int64) (next int64)
}

// Factory makes a Subject. The Follower closes it.
type Factory func(tb testing.TB) *Subject
