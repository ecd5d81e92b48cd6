package rsynctest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Tree pictures everything below dir and dir itself: relative path → type, mode, owner, mtime to
// the nanosecond, content or link target, and for hard links the group's first name. Two ends of
// a mirror are equal exactly when their pictures are.
func Tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	picture := map[string]string{}
	first := map[uint64]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return vanished(err)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		one, err := pictureOf(path, name, d, first)
		if err == nil {
			picture[name] = one
		}
		return vanished(err)
	})
	if err != nil {
		t.Fatalf("picture of %s: %v", dir, err)
	}
	return picture
}

// vanished forgives what goes while it is looked at: a run that is under way renames its files.
func vanished(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func pictureOf(path, name string, d fs.DirEntry, first map[uint64]string) (string, error) {
	info, err := d.Info()
	if err != nil {
		return "", err
	}
	st := info.Sys().(*syscall.Stat_t)
	out := fmt.Sprintf("%v %d:%d %d.%09d", info.Mode(), st.Uid, st.Gid, st.Mtim.Sec, st.Mtim.Nsec)
	switch {
	case info.Mode().IsRegular():
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		out += fmt.Sprintf(" %d %x", len(content), sha256.Sum256(content))
		if st.Nlink > 1 {
			if _, seen := first[st.Ino]; !seen {
				first[st.Ino] = name
			}
			out += " = " + first[st.Ino]
		}
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		out += " -> " + target
	}
	return out, nil
}
