package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// tree is a directory in which the demo makes changes, and its replica, in which it looks for
// them.
type tree struct {
	source  string
	replica string
	files   int
	dirs    int
}

// plant makes the tree that the demo begins with: a web site of that many sections, and logs.
func plant(source, replica string, sections int) (*tree, error) {
	t := &tree{source: source, replica: replica}
	for _, dir := range []string{source, replica} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the demo tree: %w", err)
		}
	}
	const pages = 25
	for section := range sections {
		for page := range pages {
			name := fmt.Sprintf("web/section-%02d/page-%02d.html", section, page)
			if err := t.write(name, page0(name, 0)); err != nil {
				return nil, err
			}
			t.files++
		}
		t.dirs++
	}
	for name, text := range map[string][]byte{
		"web/index.html":    page0("web/index.html", 0),
		"logs/access.log":   []byte("127.0.0.1 GET /\n"),
		"etc/app.conf":      []byte("listen = 127.0.0.1\n"),
		"uploads/readme.md": []byte("# uploads\n"),
	} {
		if err := t.write(name, text); err != nil {
			return nil, err
		}
		t.files++
	}
	t.dirs += 4
	return t, nil
}

// page0 is a page's text; every version differs in its first lines and has the same length.
func page0(name string, version int) []byte {
	return fmt.Appendf(nil, "<!doctype html>\n<title>%s</title>\n<p>version %06d\n%s",
		name, version, bytes.Repeat([]byte("<p>The quick brown fox.\n"), 40))
}

// write makes the file, and its directories.
func (t *tree) write(name string, text []byte) error {
	path := filepath.Join(t.source, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make a demo directory: %w", err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("write a demo file: %w", err)
	}
	return nil
}

// has tells whether the replica's file has exactly this text.
func (t *tree) has(name string, text []byte) bool {
	got, err := os.ReadFile(filepath.Join(t.replica, name))
	return err == nil && bytes.Equal(got, text)
}

// gone tells whether there is nothing of that name in the replica.
func (t *tree) gone(name string) bool {
	_, err := os.Lstat(filepath.Join(t.replica, name))
	return errors.Is(err, fs.ErrNotExist)
}

// identical tells whether the replica has every file of the source with its bytes.
func (t *tree) identical() bool {
	err := filepath.WalkDir(t.source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(t.source, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !t.has(name, text) {
			return errors.New("differs")
		}
		return nil
	})
	return err == nil
}
