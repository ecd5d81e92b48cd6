package resolve

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/task"
)

// storm changes a tree at random and says what became dirty, as a tracker would: a directory that
// appears is a Subtree, and a change through one name of a file is owed to all of its names.
type storm struct {
	t     testing.TB
	dir   string
	rnd   *rand.Rand
	owe   func(task.Debt)
	seq   uint64
	names []string
	// collapse owes now and then the directory and not the name, as a full queue would.
	collapse bool
}

// mark owes path, and the other names of its file.
func (s *storm) mark(path string, scope task.Scope, what task.What) {
	s.seq++
	d := task.Debt{Path: path, Scope: scope, What: what, Since: time.Now().UnixNano(), Seq: s.seq}
	if s.collapse && scope == task.Entry {
		switch s.rnd.IntN(5) {
		case 0:
			d.Path, d.Scope, d.What = parentOf(path), task.Subtree, what&content
		case 1, 2:
			d.Path, d.Scope, d.What = parentOf(path), task.Listing, what&content
		}
	}
	s.owe(d)
}

func (s *storm) markFile(path string, what task.What) {
	s.mark(path, task.Entry, what)
	for _, other := range s.links(path) {
		s.mark(other, task.Entry, what)
	}
}

// links returns the other names of a file.
func (s *storm) links(path string) (others []string) {
	fi, err := os.Lstat(filepath.Join(s.dir, path))
	if err != nil || !fi.Mode().IsRegular() || fi.Sys().(*syscall.Stat_t).Nlink < 2 {
		return nil
	}
	for _, name := range linksTo(s.t, s.dir, fi.Sys().(*syscall.Stat_t).Ino) {
		if name != path {
			others = append(others, name)
		}
	}
	return others
}

func linksTo(t testing.TB, dir string, ino uint64) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		fi, err := e.Info()
		if err == nil && fi.Sys().(*syscall.Stat_t).Ino == ino {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// allLinks is a LinkIndex that knows everything.
type allLinks struct {
	t   testing.TB
	dir *string
}

func (a allLinks) Names(_ string, _, ino uint64, _ uint32) []string { return linksTo(a.t, *a.dir, ino) }

// path returns a random place. It is not below a symlink: events name the real directory.
func (s *storm) path() string {
	path := s.names[s.rnd.IntN(len(s.names))]
	for range s.rnd.IntN(3) {
		if fi, err := os.Lstat(filepath.Join(s.dir, path)); err != nil || !fi.IsDir() {
			break
		}
		path += "/" + s.names[s.rnd.IntN(len(s.names))]
	}
	return path
}

// step does one thing and marks what it made dirty. Most attempts on odd places fail: fine.
func (s *storm) step() {
	path := s.path()
	full := filepath.Join(s.dir, path)
	fi, err := os.Lstat(full)
	isDir := err == nil && fi.IsDir()
	isFile := err == nil && fi.Mode().IsRegular()
	switch op := s.rnd.IntN(12); {
	case op < 3 && (err != nil || isFile):
		s.write(path, full)
	case op == 3 && os.Mkdir(full, 0o755) == nil:
		s.mark(path, task.Entry, attr)
		s.mark(path, task.Subtree, 0)
	case op == 4 && err == nil:
		s.remove(path, full, isDir)
	case op == 5 || op == 6:
		s.rename(path, full)
	case op == 7 && os.Symlink(s.path(), full) == nil:
		s.mark(path, task.Entry, attr)
	case op == 8 && err == nil && fi.Mode()&fs.ModeSymlink == 0:
		if os.Chmod(full, fs.FileMode(0o700|s.rnd.IntN(0o100))) == nil {
			s.markFile(path, attr)
		}
	case op == 9 && isFile:
		s.link(path, full)
	case op == 10 && isFile:
		s.silent(path, full, fi)
	case op == 11 && syscall.Mkfifo(full, 0o600) == nil:
		s.mark(path, task.Entry, attr)
	}
}

func (s *storm) write(path, full string) {
	text := strings.Repeat(string(rune('a'+s.rnd.IntN(26))), 1+s.rnd.IntN(200))
	if os.WriteFile(full, []byte(text), 0o644) == nil {
		s.markFile(path, attr|content)
	}
}

// silent changes bytes but neither size nor time, as a store through a mapping can.
func (s *storm) silent(path, full string, fi fs.FileInfo) {
	text := strings.Repeat(string(rune('A'+s.rnd.IntN(26))), int(fi.Size()))
	f, err := os.OpenFile(full, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chtimes(full, fi.ModTime(), fi.ModTime()); err != nil {
		s.t.Fatal(err)
	}
	s.markFile(path, content)
}

func (s *storm) remove(path, full string, isDir bool) {
	others := s.links(path)
	if os.RemoveAll(full) != nil {
		return
	}
	what := attr | left
	if isDir {
		what |= wasDir
	}
	s.mark(path, task.Entry, what)
	for _, other := range others {
		s.mark(other, task.Entry, attr)
	}
}

func (s *storm) rename(path, full string) {
	to := s.path()
	fi, err := os.Lstat(full)
	if err != nil || os.Rename(full, filepath.Join(s.dir, to)) != nil {
		return
	}
	if !fi.IsDir() {
		s.mark(path, task.Entry, attr|left)
		s.markFile(to, attr)
		return
	}
	s.mark(path, task.Entry, attr|left|wasDir)
	s.mark(to, task.Entry, attr)
	s.mark(to, task.Subtree, content) // content debts are paths and did not move along
}

func (s *storm) link(path, full string) {
	to := s.path()
	if os.Link(full, filepath.Join(s.dir, to)) == nil {
		s.mark(to, task.Entry, attr)
		s.markFile(path, attr)
	}
}

// picture describes every name of a tree but the root's own times, which no path implies.
func picture(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	inodes := make(map[uint64][]string)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		st := fi.Sys().(*syscall.Stat_t)
		rel, _ := filepath.Rel(dir, path)
		what := ""
		switch {
		case fi.Mode().IsRegular():
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what = string(b)
			inodes[st.Ino] = append(inodes[st.Ino], rel)
		case fi.Mode()&fs.ModeSymlink != 0:
			what, err = os.Readlink(path)
		}
		all = append(all, fmt.Sprintf("%q %v %d:%d %d %q", rel, fi.Mode(), st.Uid, st.Gid,
			fi.ModTime().UnixNano(), what))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range inodes {
		if len(names) > 1 {
			all = append(all, fmt.Sprintf("linked: %q", names))
		}
	}
	slices.Sort(all)
	return all
}

// Whatever happens to the tree, also between the look and the run: once all is paid, the target is
// the same, to the nanosecond.
func TestRandomChanges(t *testing.T) {
	needRsync(t)
	tests := []struct {
		name            string
		o               Options
		races, collapse bool
		seed            uint64
	}{
		{name: "plain", seed: 1},
		{name: "small runs", o: Options{MaxFiles: 3, LargeFile: 150}, seed: 101},
		{name: "collapses", collapse: true, seed: 210}, // once lost the content of a nested Subtree
		{name: "races", races: true, seed: 301},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			randomChanges(t, tt.o, tt.races, tt.collapse, tt.seed)
		})
	}
}

func randomChanges(t *testing.T, o Options, races, collapse bool, seed uint64) {
	var dir string
	o.HardLinks, o.Links = true, allLinks{t, &dir}
	g := newRig(t, o)
	dir = g.dir
	q := &queue{
		t: t, g: g, rsync: &rsync{t: t, source: g.dir, target: t.TempDir()},
		debts: make(map[key]task.Debt),
	}
	s := &storm{
		t: t, dir: g.dir, rnd: rand.New(rand.NewPCG(seed, 0)), owe: q.add,
		collapse: collapse,
		names:    []string{"a", "b", "c", "d", "a-b", "-x", "#15", "x y", "new\nline", "\xff"},
	}
	if races {
		q.before = func() {
			for range s.rnd.IntN(2) {
				s.step()
			}
		}
	}
	for round := range 4 {
		for range 40 {
			s.step()
		}
		q.drain()
		want, got := picture(t, g.dir), picture(t, q.rsync.target)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, round %d: target differs (-source +target):\n%s", seed, round, diff)
		}
	}
	t.Logf("seed %d: %d runs, %d names at the end", seed, q.runs, len(picture(t, g.dir)))
}
