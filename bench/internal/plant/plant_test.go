package plant_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/sersync/sersync/bench/internal/plant"
)

// found lists what is below dir.
func found(t *testing.T, dir string) (dirs, files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || path == dir:
		case d.IsDir():
			dirs++
		default:
			files++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs, files
}

func TestTreeMakesWhatItSays(t *testing.T) {
	for _, under := range []string{"", "deep/below"} {
		root := t.TempDir()
		dirs, files, err := plant.Tree(t.Context(), root, under, plant.Shape{Files: 1234, PerDir: 10, Size: 100})
		if err != nil {
			t.Fatal(err)
		}
		gotDirs, gotFiles := found(t, root)
		if under != "" {
			gotDirs-- // "deep", which nobody asked for
		}
		if gotFiles != 1234 || len(files) != 1234 || gotDirs != len(dirs) {
			t.Errorf("under %q: %d files and %d directories on disk, %d and %d said",
				under, gotFiles, gotDirs, len(files), len(dirs))
		}
	}
}

func TestDirsMakesThatManyLeaves(t *testing.T) {
	root := t.TempDir()
	if err := plant.Dirs(root, "", 120); err != nil {
		t.Fatal(err)
	}
	if dirs, _ := found(t, root); dirs != 120+3 {
		t.Errorf("%d directories, want 120 and 3 above them", dirs)
	}
}

func TestVersionsNeverLookAlike(t *testing.T) {
	one, again, two := plant.Content("f", 1, 100), plant.Content("f", 1, 100), plant.Content("f", 2, 100)
	if !bytes.Equal(one, again) || bytes.Equal(one, two) || bytes.Equal(one, plant.Content("g", 1, 100)) {
		t.Error("content does not depend on exactly name and version")
	}
	for _, size := range []int{0, 1, 7, 8, 9} {
		if got := plant.Content("f", 1, size); len(got) != size {
			t.Errorf("%d bytes of content, want %d", len(got), size)
		}
	}
}

func TestTouchKeepsSizes(t *testing.T) {
	root := t.TempDir()
	_, files, err := plant.Tree(t.Context(), root, "", plant.Shape{Files: 200, Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	before := map[string][]byte{}
	for _, name := range files {
		before[name], _ = os.ReadFile(filepath.Join(root, name))
	}
	said, err := plant.Touch(t.Context(), root, files, 0.05, 7)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, name := range files {
		after, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || len(after) != len(before[name]) {
			t.Errorf("%s has %d bytes, had %d (%v)", name, len(after), len(before[name]), err)
		}
		if !bytes.Equal(after, before[name]) {
			changed++
		}
	}
	if said != 10 || changed > said || changed < said-1 { // one of them may be empty
		t.Errorf("%d said to be changed, %d are", said, changed)
	}
}

func TestLargeHasNoHoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large")
	const size = 3<<20 + 17
	if err := plant.Large(t.Context(), path, size); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || len(text) != size || bytes.Contains(text, make([]byte, 64)) {
		t.Errorf("%d bytes, want %d without zeroes (%v)", len(text), size, err)
	}
}
