package same_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sersync/sersync/bench/internal/same"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// twins makes two trees that are the same.
func twins(t *testing.T) (source, replica string) {
	t.Helper()
	source, replica = t.TempDir(), t.TempDir()
	for _, dir := range []string{source, replica} {
		do(t, os.MkdirAll(filepath.Join(dir, "d/e"), 0o755))
		do(t, os.WriteFile(filepath.Join(dir, "d/f"), []byte("one"), 0o644))
		do(t, os.WriteFile(filepath.Join(dir, "d/\xff\n"), nil, 0o600))
		do(t, os.Symlink("f", filepath.Join(dir, "d/s")))
		do(t, os.WriteFile(filepath.Join(dir, "a"), []byte("linked"), 0o644))
		do(t, os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "d/a")))
	}
	for _, name := range []string{"d/e", "d/f", "d/\xff\n", "a", "d", ".", "d/s"} {
		stamp(t, source, replica, name)
	}
	return source, replica
}

// stamp gives the name on both sides one mtime.
func stamp(t *testing.T, source, replica, name string) {
	t.Helper()
	if name == "d/s" { // the package os cannot stamp a symlink, rename can copy it
		do(t, os.Remove(filepath.Join(replica, name)))
		do(t, os.Link(filepath.Join(source, name), filepath.Join(replica, name)))
		at := time.Unix(1_700_000_000, 123_456_789)
		do(t, os.Chtimes(filepath.Join(replica, "d"), at, at))
		do(t, os.Chtimes(filepath.Join(source, "d"), at, at))
		return
	}
	at := time.Unix(1_700_000_000, 123_456_789)
	for _, dir := range []string{source, replica} {
		do(t, os.Chtimes(filepath.Join(dir, name), at, at))
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTreesNamesEachDifference(t *testing.T) {
	at := time.Unix(1_700_000_000, 123_456_789)
	tests := []struct {
		name  string
		spoil func(t *testing.T, source, replica string)
		want  string // "": the same
	}{
		{"nothing", func(*testing.T, string, string) {}, ""},
		{"content with equal stamps", func(t *testing.T, _, replica string) {
			do(t, os.WriteFile(filepath.Join(replica, "d/f"), []byte("two"), 0o644))
			do(t, os.Chtimes(filepath.Join(replica, "d/f"), at, at))
		}, `"d/f": other content`},
		{"one nanosecond", func(t *testing.T, _, replica string) {
			do(t, os.Chtimes(filepath.Join(replica, "d/e"), at, at.Add(1)))
		}, `"d/e": mtime 1700000000.123456789, on the replica 1700000000.123456790`},
		{"mode", func(t *testing.T, source, _ string) {
			do(t, os.Chmod(filepath.Join(source, "a"), 0o600))
		}, `"a": mode 0600, on the replica 0644`},
		{"the root itself", func(t *testing.T, _, replica string) {
			do(t, os.Chmod(replica, 0o711))
		}, `".": mode 0755, on the replica 0711`},
		{"missing", func(t *testing.T, _, replica string) {
			do(t, os.Remove(filepath.Join(replica, "d/\xff\n")))
		}, `d/\xff\n": is missing on the replica`},
		{"extra", func(t *testing.T, _, replica string) {
			do(t, os.WriteFile(filepath.Join(replica, "d/e/.f.Xy12Zq"), nil, 0o600))
		}, `"d/e/.f.Xy12Zq": is only on the replica`},
		{"type", func(t *testing.T, _, replica string) {
			do(t, os.Remove(filepath.Join(replica, "d/e")))
			do(t, os.WriteFile(filepath.Join(replica, "d/e"), nil, 0o600))
		}, `"d/e": type directory, on the replica file`},
		{"link target", func(t *testing.T, _, replica string) {
			do(t, os.Remove(filepath.Join(replica, "d/s")))
			do(t, os.Symlink("g", filepath.Join(replica, "d/s")))
		}, `"d/s": `},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source, replica := twins(t)
			for _, dir := range []string{source, replica} {
				do(t, os.Chmod(dir, 0o755))
			}
			test.spoil(t, source, replica)
			report, err := same.Trees(t.Context(), source, replica, same.Options{})
			do(t, err)
			if report.Same() != (test.want == "") || !strings.Contains(report.String(), test.want) {
				t.Errorf("report, want %q: %s", test.want, report)
			}
		})
	}
}

func TestHardLinksAreComparedOnRequest(t *testing.T) {
	source, replica := twins(t)
	file := filepath.Join(replica, "d/a")
	do(t, os.Remove(file))
	do(t, os.WriteFile(file, []byte("linked"), 0o644))
	for _, name := range []string{"d/a", "d"} {
		at := time.Unix(1_700_000_000, 123_456_789)
		do(t, os.Chtimes(filepath.Join(replica, name), at, at))
	}
	for _, hard := range []bool{false, true} {
		report, err := same.Trees(t.Context(), source, replica, same.Options{HardLinks: hard})
		do(t, err)
		if report.Same() == hard {
			t.Errorf("with HardLinks %v: %s", hard, report)
		}
	}
}

func TestAllDifferencesAreCounted(t *testing.T) {
	source, replica := t.TempDir(), t.TempDir()
	for i := range 50 {
		do(t, os.Mkdir(filepath.Join(source, string(rune('A'+i))), 0o755))
	}
	report, err := same.Trees(t.Context(), source, replica, same.Options{Most: 3})
	do(t, err)
	if report.Differ < 50 || len(report.Samples) != 3 || !strings.Contains(report.String(), "more") {
		t.Errorf("report: %s", report)
	}
}

func TestPendingEndsWhenAllHasArrived(t *testing.T) {
	source, replica := t.TempDir(), t.TempDir()
	var paths []string
	for i := range 100 {
		name := string(rune('A' + i))
		do(t, os.WriteFile(filepath.Join(source, name), []byte(name), 0o644))
		paths = append(paths, name)
	}
	paths = append(paths, "gone") // on neither side: it has arrived
	p := same.NewPending(source, replica, paths)
	left, err := p.Step()
	do(t, err)
	if left < 100 || !strings.Contains(p.Example(), "is on one side only") {
		t.Errorf("%d left of 101 with nothing there, example %s", left, p.Example())
	}
	do(t, os.Remove(replica))
	do(t, os.Rename(source, replica))
	do(t, os.Mkdir(source, 0o755))
	for i := range 100 {
		name := string(rune('A' + i))
		do(t, syscall.Link(filepath.Join(replica, name), filepath.Join(source, name)))
	}
	if left, err = p.Step(); err != nil || left != 0 {
		t.Errorf("%d left with everything there, err %v", left, err)
	}
}
