//go:build linux

package sys

import (
	"errors"
	"os"
	"strconv"
	"testing"
)

func TestFDPath(t *testing.T) {
	for _, fd := range []int{0, 9, 10, 1023, 1<<31 - 1} {
		var path [len(procFD) + 21]byte
		fdPath(&path, fd)
		want := procFD + strconv.Itoa(fd)
		if got := string(path[:len(want)]); got != want || path[len(want)] != 0 {
			t.Errorf("fdPath(%d) = %q", fd, path)
		}
	}
}

func TestWatchByDescriptorFollowsNoName(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Rename(dir, dir+"-moved"); err != nil {
		t.Fatal(err)
	}
	ino, err := InotifyInit()
	if err != nil {
		t.Fatal(err)
	}
	defer Close(ino)
	wd, err := InotifyAddWatchFD(ino, int(f.Fd()), InCreate|InOnlyDir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := InotifyAddWatchFD(ino, int(f.Fd()), InCreate|InOnlyDir)
	if err != nil || again != wd {
		t.Fatalf("watching again = %d, %v; want the same descriptor %d", again, err, wd)
	}
	if err := os.WriteFile(dir+"-moved/x", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	if n, err := Read(ino, buf); err != nil || n != InotifyHeader+16 {
		t.Fatalf("Read = %d, %v; want one record", n, err)
	}
	if err := InotifyRmWatch(ino, wd); err != nil {
		t.Fatal(err)
	}
	if err := InotifyRmWatch(ino, wd); !errors.Is(err, ErrInvalid) {
		t.Fatalf("removing again = %v, want EINVAL", err)
	}
	if err := os.Rename(dir+"-moved", dir); err != nil {
		t.Fatal(err)
	}
}
