package sys

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// entriesOf reads a real directory through a buffer of the given size.
func entriesOf(t testing.TB, dir string, size int) (names []string, raw [][]byte) {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, size)
	for {
		n, err := Getdents(int(f.Fd()), buf)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return names, raw
		}
		raw = append(raw, bytes.Clone(buf[:n]))
		var d Dirent
		for rest := buf[:n]; len(rest) > 0; {
			if rest, err = NextDirent(rest, &d); err != nil {
				t.Fatal(err)
			}
			if string(d.Name)+"\x00" != string(d.NameNUL) {
				t.Errorf("%q and %q", d.Name, d.NameNUL)
			}
			names = append(names, string(d.Name))
		}
	}
}

func TestGetdents(t *testing.T) {
	dir := t.TempDir()
	want := []string{".", "..", "a", "\xff\n \\", strings.Repeat("n", 255)}
	for _, name := range want[2:] {
		if err := os.WriteFile(dir+"/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(want)
	for _, size := range []int{64 << 10, 400} {
		got, _ := entriesOf(t, dir, size)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("buffer of %d: %q, want %q", size, got, want)
		}
	}
}

func FuzzNextDirent(f *testing.F) {
	_, raw := entriesOf(f, "/", 4096)
	for _, buf := range raw {
		f.Add(buf)
	}
	f.Add(make([]byte, 24))
	f.Fuzz(func(t *testing.T, buf []byte) {
		var d Dirent
		for len(buf) > 0 {
			rest, err := NextDirent(buf, &d)
			if err != nil {
				if !errors.Is(err, ErrDirent) {
					t.Fatal(err)
				}
				return
			}
			if len(rest) >= len(buf) || len(d.Name) == 0 || bytes.IndexByte(d.Name, 0) >= 0 {
				t.Fatalf("%q of %d bytes, %d left", d.Name, len(buf), len(rest))
			}
			buf = rest
		}
	})
}

func TestParseFDInfoMountID(t *testing.T) {
	id, err := ParseFDInfoMountID([]byte("pos:\t0\nflags:\t02100000\nmnt_id:\t26\nino:\t2\n"))
	if id != 26 || err != nil {
		t.Errorf("%d, %v", id, err)
	}
	if _, err := ParseFDInfoMountID([]byte("pos:\t0\n")); err == nil {
		t.Error("no mnt_id, no error")
	}
}

// Three ways to ask for a mount id must agree, on filesystems with handles and without (sysfs).
func TestMountIDAt(t *testing.T) {
	for _, dir := range []string{"/", "/proc", "/sys", t.TempDir()} {
		fd, err := OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer Close(fd)
		var st Statx
		if err := StatxFD(fd, StatMask|StatMountID, &st); err != nil {
			t.Fatal(err)
		}
		self := []byte{0}
		got, err := MountIDAt(fd, self)
		if err != nil || got != st.Mnt_id {
			t.Errorf("%s: %d, %v, statx says %d", dir, got, err, st.Mnt_id)
		}
		if got, err = mountIDByProc(fd, self); err != nil || got != st.Mnt_id {
			t.Errorf("%s by fdinfo: %d, %v, statx says %d", dir, got, err, st.Mnt_id)
		}
	}
}
