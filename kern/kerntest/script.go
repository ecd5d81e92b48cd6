package kerntest

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed testdata/*.txtar
var scripts embed.FS

// variant is a way in which every script is run.
type variant struct {
	name   string
	config Config
}

func variants() []variant {
	return []variant{
		{"live", Config{}},
		{"taken at once", Config{TakeEvery: 1}},
		// Everything happens before the first event is decoded.
		{"unread", Config{Stalled: true}},
		// What belongs together comes in different buffers.
		{"small buffers", Config{Stalled: true, BufferSize: 272, TakeEvery: 1}},
	}
}

// runScripts runs every script in every variant.
func runScripts(t *testing.T, f Factory) {
	names, err := fs.Glob(scripts, "testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range names {
		archive, err := fs.ReadFile(scripts, name)
		if err != nil {
			t.Fatal(err)
		}
		parsed := txtar.Parse(archive)
		for _, v := range variants() {
			t.Run(strings.TrimSuffix(path.Base(name), ".txtar")+"/"+v.name, func(t *testing.T) {
				t.Parallel()
				runScript(t, f, v.config, parsed)
			})
		}
	}
}

// script is one under way.
type script struct {
	t        *testing.T
	config   Config
	disk     *disk
	follower *Follower
	stalled  bool
}

// runScript makes the files of the archive, those below "@/" outside of the tree, follows the
// tree, and runs the archive's comment line by line. In the end the replica must be right.
func runScript(t *testing.T, f Factory, c Config, a *txtar.Archive) {
	base := t.TempDir()
	d := newDisk(filepath.Join(base, "tree"), filepath.Join(base, "outside"))
	for _, dir := range []string{d.tree, d.outside} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range a.Files {
		full := d.path(file.Name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c.Dir = d.tree
	c.Skip = func(path []byte, _ bool) bool {
		return string(path) == "excluded" || strings.HasSuffix(string(path), "/excluded")
	}
	s := &script{t: t, config: c, disk: d, follower: Follow(t, f, c), stalled: c.Stalled}
	for i, line := range strings.Split(string(a.Comment), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := s.do(strings.Fields(line)); err != nil {
			t.Fatalf("line %d: %s: %v", i+1, line, err)
		}
	}
	s.resume()
	if !s.follower.RootGone() {
		s.follower.Check()
	}
	if err := d.close(); err != nil {
		t.Error(err)
	}
}

func (s *script) resume() {
	if s.stalled {
		s.follower.Resume()
		s.stalled = false
	}
}

// do runs one line. Apart from the commands of disk:
//
//	settle            everything so far is decoded and walked
//	check             settle, and the replica is right
//	watched PATH      the table has a directory there
//	unwatched PATH    it has not
//	reap              a long time passes
//	watches N         so many directories are in the table, the root included
//	overflow          more changes than the kernel's queue holds
//	lossy             there was a loss
//	rootgone          the root was said to be gone
func (s *script) do(line []string) error {
	f := s.follower
	switch line[0] {
	case "settle":
		s.resume()
		f.Settle()
	case "check":
		s.resume()
		f.Check()
	case "watched", "unwatched":
		if got, want := f.Watched(line[1]), line[0] == "watched"; got != want {
			return fmt.Errorf("in the table: %v", got)
		}
	case "reap":
		f.Reap()
		f.Settle()
	case "watches":
		want, err := strconv.Atoi(line[1])
		if err != nil {
			return fmt.Errorf("number of watches: %w", err)
		}
		if got := f.Len(); got != want {
			return fmt.Errorf("the table has %d directories, want %d", got, want)
		}
	case "overflow":
		return s.overflow()
	case "lossy":
		if f.Losses() == 0 {
			return fmt.Errorf("no loss was reported")
		}
	case "rootgone":
		s.resume()
		f.awaitRootGone()
	default:
		return s.disk.do(line[0], line[1:]...)
	}
	return nil
}

// overflow changes two files in turn, so that no event merges with the one before.
func (s *script) overflow() error {
	limit, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	if err != nil {
		return err
	}
	events, err := strconv.Atoi(strings.TrimSpace(string(limit)))
	if err != nil {
		return err
	}
	for i := range events/2 + 64 {
		name := []string{"one", "other"}[i&1]
		if err := os.Chmod(s.disk.path(name), fs.FileMode(0o600+i/2%2)); err != nil {
			return err
		}
		if err := os.Truncate(s.disk.path(name), int64(i%7)); err != nil {
			return err
		}
	}
	return nil
}
