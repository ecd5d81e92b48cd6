package inotify

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/sys"
)

// kernelBytes are the records that this kernel gives for a few changes in a new directory.
func kernelBytes(f *testing.F) []byte {
	f.Helper()
	dir := f.TempDir()
	fd, err := sys.InotifyInit()
	if err != nil {
		f.Fatal(err)
	}
	defer sys.Close(fd)
	d, err := os.Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	defer d.Close()
	if _, err := sys.InotifyAddWatchFD(fd, int(d.Fd()), watchMask); err != nil {
		f.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	long := string(bytes.Repeat([]byte("n"), 255))
	for _, err := range []error{
		os.Mkdir(in("d"), 0o755), os.WriteFile(in(long), []byte("x"), 0o600),
		os.Rename(in("d"), in("e")), os.Rename(in(long), in("f")), os.Chmod(in("e"), 0o700),
		os.Remove(in("e")), os.Remove(in("f")), os.Remove(dir),
	} {
		if err != nil {
			f.Fatal(err)
		}
	}
	d.Close() // the last one to hold the directory
	buf := make([]byte, 64<<10)
	n, err := sys.Read(fd, buf)
	if err != nil {
		f.Fatal(err)
	}
	return buf[:n]
}

// FuzzDecode feeds any bytes: nothing outside of them is touched, the table stays whole, and what
// can't be understood is a loss.
func FuzzDecode(f *testing.F) {
	seed := kernelBytes(f)
	f.Add(seed, uint32(2))
	f.Add(seed[:len(seed)-3], uint32(1))
	f.Add(raw(-1, sys.InOverflow, 0, ""), uint32(1<<31))
	f.Add(append(raw(2, sys.InMovedFrom|isDir, 7, "sub"),
		raw(3, sys.InMovedTo|isDir, 7, "into itself")...), uint32(9))
	f.Add(append(raw(2, sys.InIgnored, 0, ""), raw(9, sys.InCreate, 0, "early")...), uint32(9))
	f.Fuzz(func(t *testing.T, p []byte, seq uint32) {
		r := newRig(t, "d", "d/sub", "e")
		r.walks.Add(1)
		read := 0
		for rest := p; ; {
			_, size, ok := nextRecord(rest)
			if !ok {
				break
			}
			read += size
			rest = rest[size:]
		}
		lost := false
		emit := func(e kern.Event) {
			lost = lost || e.Op&kern.OpLoss != 0
			if len(e.Name) > len(p) || e.Op&kern.OpLoss == 0 && e.Dir == kern.NoDir {
				t.Errorf("event %+v", e)
			}
			r.table.AppendPath(nil, e.Dir)
		}
		r.Decode(&kern.Buffer{Bytes: p, Seq: seq}, emit)
		if read < len(p) && !lost {
			t.Errorf("%d bytes were not understood, and no loss was said", len(p)-read)
		}
		r.publish(1, "late", 9, seq)
		r.Decode(&kern.Buffer{Seq: seq + 1}, emit)
		for r.table.Prune(16, func(uint64) bool { return true }) {
		}
	})
}
