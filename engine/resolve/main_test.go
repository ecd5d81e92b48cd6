package resolve

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/sersync/sersync/engine/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Nothing stays open between two calls, whatever they met.
func TestDescriptors(t *testing.T) {
	open := func() int {
		t.Helper()
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	g := newRig(t, Options{MaxFiles: 3, HardLinks: true, Links: &names{}})
	g.do("file a/b/c/f; file a/b/g; file a/h; file i; link i j; symlink a l")
	var o owe
	before := open()
	g.resolve(task.KindTree, o.debt("", task.Subtree, content), o.debt("a/b", task.Subtree, 0))
	g.resolve(task.KindQuick, o.debt("a", task.Listing, content), o.debt("l/x", task.Listing, 0))
	g.resolve(task.KindContent, o.debt("a/b/c/f", task.Entry, content|task.Writing),
		o.debt("i", task.Entry, content), o.debt("gone/f", task.Entry, content))
	if after := open(); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
