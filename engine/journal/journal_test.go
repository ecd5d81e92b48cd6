package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

var someTree = Tree{
	Root: Identity{UUID: "0d0e-11", FSType: 0xef53, Ino: 2},
	Mounts: []Mount{
		{Path: "a/b", Identity: Identity{FSType: -0x6edc97c2, Ino: 1 << 40}},
		{Path: "odd\nname\xff", Identity: Identity{UUID: "f00d", Ino: 256}},
	},
}

func TestRemembers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "one")
	j := open(t, dir)
	if _, ok := j.Tree("/data"); ok || j.Target("/data", "h::m/") != (Target{}) {
		t.Error("a new journal remembers something")
	}
	want := Target{Contact: "clean", LastPass: someTime}
	for _, err := range []error{
		j.SetTree("/data", someTree),
		j.SetTarget("/data", "h::m/", Target{Contact: "extra"}),
		j.SetTarget("/data", "h::m/", want),
		j.SetTarget("/other", "h::m/", Target{Contact: "unknown"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		got, ok := j.Tree("/data")
		if diff := cmp.Diff(someTree, got); !ok || diff != "" {
			t.Errorf("tree (-want +got):\n%s", diff)
		}
		if got := j.Target("/data", "h::m/"); !cmp.Equal(got, want) {
			t.Errorf("target: %+v, want %+v", got, want)
		}
		if got := j.Target("/other", "h::m/").Contact; got != "unknown" {
			t.Errorf("the other tree's target: %q", got)
		}
	}
	check()
	closeNow(t, j)
	j = open(t, dir)
	check()
	if d := j.Damage(); d != nil {
		t.Errorf("damage: %+v", d)
	}
	fi, err := os.Stat(dir)
	if err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v, want 0700", fi.Mode(), err)
	}
}

func TestClosed(t *testing.T) {
	j := open(t, t.TempDir())
	closeNow(t, j)
	if err := j.SetTree("/data", someTree); !errors.Is(err, os.ErrClosed) {
		t.Errorf("SetTree after Close: %v, want os.ErrClosed", err)
	}
}

func TestIdentity(t *testing.T) {
	tests := []struct {
		name         string
		a, b         Identity
		same, sameFS bool
	}{
		{"by UUID", Identity{"u", 1, 2}, Identity{"u", 1, 2}, true, true},
		{"another directory", Identity{"u", 1, 2}, Identity{"u", 1, 3}, false, true},
		{"another filesystem", Identity{"u", 1, 2}, Identity{"v", 1, 2}, false, false},
		{"the UUID is known of one only", Identity{"u", 1, 2}, Identity{"", 1, 2}, false, false},
		{"by type", Identity{"", 1, 2}, Identity{"", 1, 2}, true, true},
		{"another type", Identity{"", 1, 2}, Identity{"", 3, 2}, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.a.Same(tt.b); got != tt.same {
				t.Errorf("Same: %v", got)
			}
			if got := tt.a.SameFS(tt.b); got != tt.sameFS {
				t.Errorf("SameFS: %v", got)
			}
		})
	}
}

// filled makes a journal with records and returns the bytes of its database.
func filled(t *testing.T, dir string) []byte {
	t.Helper()
	j := open(t, dir)
	if err := j.SetTree("/data", someTree); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		dest := fmt.Sprintf("host%d::module/%s/", i, strings.Repeat("long", 20))
		if err := j.SetTarget("/data", dest, Target{Contact: "clean", LastPass: someTime}); err != nil {
			t.Fatal(err)
		}
	}
	closeNow(t, j)
	b, err := os.ReadFile(filepath.Join(dir, storeName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDamagedFile(t *testing.T) {
	good := filled(t, t.TempDir())
	tests := []struct {
		name string
		file []byte
	}{
		{"garbage", bytes.Repeat([]byte("not a database\n"), 4000)},
		{"short garbage", []byte("x")},
		{"cut in half", good[:len(good)/2]},
		{"cut to its roots", good[:8192]},
		{"zeroes behind the roots", append(bytes.Clone(good[:8192]), make([]byte, len(good)-8192)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, storeName), tt.file, 0o600); err != nil {
				t.Fatal(err)
			}
			j := open(t, dir)
			d := j.Damage()
			if d == nil {
				t.Fatal("no damage reported")
			}
			kept, err := os.ReadFile(d.Aside)
			if err != nil || !bytes.Equal(kept, tt.file) {
				t.Errorf("set aside: %v, or not the file that it was", err)
			}
			if _, ok := j.Tree("/data"); ok {
				t.Error("remembers something of a damaged file")
			}
			// It works from there on.
			if err := j.SetTree("/data", someTree); err != nil {
				t.Fatal(err)
			}
			closeNow(t, j)
			if j = open(t, dir); j.Damage() != nil {
				t.Errorf("still damaged: %v", j.Damage().Err)
			}
		})
	}
}

// Whatever a disk does to the file, what is remembered is what was written, or nothing.
func TestFlippedBytes(t *testing.T) {
	dir := t.TempDir()
	good := filled(t, dir)
	rnd := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(dir, storeName)
	set := 0
	for range 40 {
		bad := bytes.Clone(good)
		for range 1 + rnd.IntN(8) {
			bad[rnd.IntN(len(bad))] ^= byte(1 + rnd.IntN(255))
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := Open(context.Background(), dir, Options{})
		var format *FormatError
		if errors.As(err, &format) {
			continue // the flip made it one of a later version: refused
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := j.Damage(); d != nil {
			set++
			if err := os.Remove(d.Aside); err != nil {
				t.Fatal(err)
			}
		}
		if got, ok := j.Tree("/data"); ok && !cmp.Equal(got, someTree) {
			t.Errorf("remembers what was never written: %+v", got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of 40 set aside", set)
	if set == 0 {
		t.Error("no damage was found")
	}
}

func TestLaterFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	filled(t, dir)
	db, err := bbolt.Open(filepath.Join(dir, storeName), 0o600, storeOptions())
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyFormat, binary.AppendUvarint(nil, formatVersion+1))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Open(context.Background(), dir, Options{})
	var format *FormatError
	if !errors.As(err, &format) || format.Version != formatVersion+1 {
		t.Errorf("got %v, want a FormatError", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v: want the database and the lock, untouched", entries, err)
	}
}

// write is the process that is killed: it says what it has committed.
func write(dir string) error {
	j, err := Open(context.Background(), dir, Options{})
	if err != nil {
		return err
	}
	for i := j.count() + 1; ; i++ {
		if err := j.SetTarget("/data", "t/", Target{Contact: fmt.Sprint(i)}); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

func (j *Journal) count() int {
	var n int
	fmt.Sscan(j.Target("/data", "t/").Contact, &n)
	return n
}

// Killed at any moment, the journal has the last write that was reported, or the one after it.
func TestKilledWhileWriting(t *testing.T) {
	dir := t.TempDir()
	last := 0
	for round := range 8 {
		cmd, out, _ := again(t, asWriter+"="+dir)
		for range 1 + round*3 {
			if _, err := fmt.Sscan(readLine(t, out), &last); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for { // what it still said before it died
			line, err := out.ReadString('\n')
			if err != nil {
				break
			}
			fmt.Sscan(line, &last)
		}
		cmd.Wait()
		j, err := Open(context.Background(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := j.Damage(); d != nil {
			t.Fatalf("damaged: %v", d.Err)
		}
		if got := j.count(); got != last && got != last+1 {
			t.Errorf("has %d, the last write that was reported is %d", got, last)
		}
		closeNow(t, j)
	}
}
