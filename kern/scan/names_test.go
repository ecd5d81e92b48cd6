package scan

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a/b/sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/b/f", "a/b/.h", "a/file"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("b", filepath.Join(dir, "a/link")); err != nil {
		t.Fatal(err)
	}
	root, err := OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	l := root.Looker(false)
	defer l.Close()
	for path, want := range map[string][]string{
		"": {"a/"}, "a/b": {".h", "f", "sub/"}, "a/b/sub": nil, "a/file": nil, "a/link": nil, "a/none/x": nil,
	} {
		var got []string
		err := l.Names(path, func(name []byte, isDir bool) bool {
			s := string(name)
			if isDir {
				s += "/"
			}
			got = append(got, s)
			return true
		})
		slices.Sort(got)
		missing := path == "a/file" || path == "a/link" || path == "a/none/x"
		if !slices.Equal(got, want) || errors.Is(err, fs.ErrNotExist) != missing || !missing && err != nil {
			t.Errorf("%q: %q, %v", path, got, err)
		}
	}
	n := 0
	if err := l.Names("a", func([]byte, bool) bool { n++; return false }); err != nil || n != 1 {
		t.Errorf("stopped after %d names, %v", n, err)
	}
}
