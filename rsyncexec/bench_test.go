package rsyncexec

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

func manyItems(n int) []Item {
	items := make([]Item, n)
	for i := range items {
		items[i].Path = fmt.Sprintf("some/directory/of/the/tree/%05d/file-%d.dat", i%100, i)
	}
	return items
}

func BenchmarkList10k(b *testing.B) {
	items := manyItems(10_000)
	b.ReportAllocs()
	for b.Loop() {
		list := appendList(nil, items, false, nil)
		f, err := listFile(list)
		must(b, err)
		f.Close()
	}
}

func BenchmarkArgs(b *testing.B) {
	o := Options{Dest: "rsync://host/m/"}.withDefaults()
	q := Quirks{Local: Version{3, 5, 0}, Branch: BranchA, window: "-@-1"}
	inv := Invocation{Items: manyItems(1), Delete: DeleteBudget, Compare: Content}
	b.ReportAllocs()
	for b.Loop() {
		o.form(step{}, q, &inv)
	}
}

func BenchmarkOutput(b *testing.B) {
	line := []byte(">f.st...... 1234 some/directory/of/the/tree/00001/file-1.dat\n")
	chunk := bytes.Repeat(line, 200)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		o := newOutput(nil)
		o.stdout.Write(chunk)
	}
}

// BenchmarkRun compares a run over one changed path with bare rsync's, to a daemon on loopback.
func BenchmarkRun(b *testing.B) {
	d := rsynctest.Daemon(b, rsynctest.Options{})
	src := b.TempDir()
	tree(b, src, "d/f=1")
	root := openRoot(b, src)
	r := NewRunner(Options{Dest: d.URL("m")})
	items := []Item{{Path: "d/f"}}
	b.Run("rsync", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command("rsync", "-a", "-@-1", "-I", "--sockopts=TCP_NODELAY",
				filepath.Join(src, "d"), d.URL("m"))
			must(b, cmd.Run())
		}
	})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			_, err := r.Run(b.Context(), Invocation{RootFD: root, Items: items, Compare: Content})
			must(b, err)
		}
	})
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			w, err := r.Warm(b.Context(), WarmOptions{RootFD: root})
			must(b, err)
			eventually(b, "the warm run reads its list", func() bool { return readsStdin(w) })
			b.StartTimer()
			_, err = w.Run(b.Context(), items, nil)
			must(b, err)
			w.Close()
		}
	})
}
