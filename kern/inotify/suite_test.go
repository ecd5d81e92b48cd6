package inotify_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/inotify"
	"github.com/sersync/sersync/kern/kerntest"
	"github.com/sersync/sersync/kern/scan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// subject makes a Source that kerntest can drive; adjust may be nil.
func subject(tb testing.TB, adjust func(*inotify.Source)) *kerntest.Subject {
	tb.Helper()
	table := kern.NewDirTable()
	source, err := inotify.New(table, inotify.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	if adjust != nil {
		adjust(source)
	}
	return &kerntest.Subject{
		Source: source,
		Table:  table,
		AddRoot: func(ctx context.Context, tree int, root *scan.Root, skip kerntest.Skip) error {
			_, err := source.AddRoot(ctx, tree, root, skip)
			return err
		},
		Enter: func(ctx context.Context, tree int, path string, parent uint64, name []byte) error {
			_, err := source.Enter(ctx, tree, path, parent, name)
			return err
		},
		Rewalk: func(ctx context.Context, tree int) error {
			_, err := source.Rewalk(ctx, tree)
			return err
		},
		Reap: source.Reap,
	}
}

func TestSuite(t *testing.T) {
	kerntest.Run(t, func(tb testing.TB) *kerntest.Subject { return subject(tb, nil) })
}
