package inotify

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/epoll"
	"github.com/sersync/sersync/kern/internal/sys"
)

// raw encodes a record as the kernel does: the name padded with NULs to 16 bytes.
func raw(wd int32, mask, cookie uint32, name string) []byte {
	p := binary.NativeEndian.AppendUint32(nil, uint32(wd))
	p = binary.NativeEndian.AppendUint32(p, mask)
	p = binary.NativeEndian.AppendUint32(p, cookie)
	padded := 0
	if name != "" {
		padded = (len(name) + 1 + 15) / 16 * 16
	}
	p = binary.NativeEndian.AppendUint32(p, uint32(padded))
	p = append(p, name...)
	return append(p, make([]byte, padded-len(name))...)
}

// rig is a Source without a kernel, whose publications and records the test writes.
type rig struct {
	*Source
	t      testing.TB
	events []string
}

// newRig has a root with wd 1 and, for each further path, the next wd, all seen by read 1.
func newRig(t testing.TB, paths ...string) *rig {
	t.Helper()
	poller, err := epoll.New()
	if err != nil {
		t.Fatal(err)
	}
	s := newSource(kern.NewDirTable(), Options{}, poller, -1)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.trees[0] = &tree{number: 0}
	r := &rig{Source: s, t: t}
	s.published.append(notice{kind: sawRoot, wd: 1, visit: 1}, nil)
	known := map[string]int32{"": 1}
	for i, path := range paths {
		dir, name := "", path
		if at := strings.LastIndexByte(path, '/'); at >= 0 {
			dir, name = path[:at], path[at+1:]
		}
		known[path] = int32(i + 2)
		r.publish(known[dir], name, known[path], 1)
	}
	return r
}

func (r *rig) publish(parent int32, name string, wd int32, visit uint32) {
	r.published.append(notice{parent: parent, wd: wd, visit: visit}, []byte(name))
}

// decode decodes records as those of one read and returns what was emitted, one line each.
func (r *rig) decode(seq uint32, records ...[]byte) []string {
	r.t.Helper()
	r.events = nil
	var all []byte
	for _, record := range records {
		all = append(all, record...)
	}
	r.Decode(&kern.Buffer{Bytes: all, Seq: seq, Start: int64(seq) * 100, Emptied: true}, r.emit)
	return r.events
}

var opNames = []string{
	"create", "delete", "moved", "modify", "close", "attrib", "dir", "listing", "subtree", "loss",
	"unmount", "rootgone",
}

func (r *rig) emit(e kern.Event) {
	var ops []string
	for i, name := range opNames {
		if e.Op&(1<<i) != 0 {
			ops = append(ops, name)
		}
	}
	path, _, ok := r.table.AppendPath(nil, e.Dir)
	line := fmt.Sprintf("%s %s/%s", strings.Join(ops, "|"), path, e.Name)
	if !ok {
		line = fmt.Sprintf("%s since %d", strings.Join(ops, "|"), e.Since)
	}
	r.events = append(r.events, line)
}

func (r *rig) path(wd int32) string {
	path, _, ok := r.table.AppendPath(nil, r.table.ByKey(keyOf(wd)))
	if !ok {
		return "unknown"
	}
	return "/" + string(path)
}

func (r *rig) want(what string, got, want any) {
	r.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const isDir = sys.InIsDir

func TestDecodeMasks(t *testing.T) {
	r := newRig(t, "d")
	got := r.decode(2,
		raw(1, sys.InCreate, 0, "f"), raw(2, sys.InModify, 0, "exactly15bytes!"),
		raw(2, sys.InCloseWrite, 0, "sixteen bytes ok"), raw(1, sys.InAttrib, 0, "f"),
		raw(1, sys.InMovedFrom, 9, "f"), raw(2, sys.InMovedTo, 9, "g"),
		raw(2, sys.InDelete, 0, "g"),
		raw(1, sys.InCreate|isDir, 0, "e"), raw(1, sys.InAttrib|isDir, 0, "d"),
		raw(2, sys.InAttrib|isDir, 0, ""), raw(1, sys.InAttrib|isDir, 0, ""),
		raw(2, sys.InDeleteSelf, 0, ""), raw(2, sys.InMoveSelf, 0, ""),
		raw(2, sys.InUnmount, 0, ""), raw(1, sys.InMoveSelf, 0, ""),
	)
	r.want("events", got, []string{
		"create /f", "modify d/exactly15bytes!", "close d/sixteen bytes ok", "attrib /f",
		"delete|moved /f", "create|moved d/g", "delete d/g",
		"create|dir /e", "attrib|dir /d", "attrib|dir /",
		"dir|unmount d/", "dir|rootgone /",
	})
}

func TestPairedRenameMovesTheNode(t *testing.T) {
	from, to := raw(1, sys.InMovedFrom|isDir, 5, "d"), raw(2, sys.InMovedTo|isDir, 5, "x")
	write := raw(4, sys.InModify, 0, "f")
	t.Run("in one buffer", func(t *testing.T) {
		r := newRig(t, "e", "d", "d/sub")
		r.want("events", r.decode(2, from, to, write),
			[]string{"create|delete|moved|dir /d", "create|moved|dir e/x", "modify e/x/sub/f"})
	})
	t.Run("in two buffers, with others between", func(t *testing.T) {
		r := newRig(t, "e", "d", "d/sub")
		r.decode(2, from, raw(1, sys.InMovedFrom|isDir, 6, "other"))
		r.decode(3, raw(1, sys.InMovedTo|isDir, 7, "third"), to)
		r.want("sub", r.path(4), "/e/x/sub")
	})
	t.Run("without the other half", func(t *testing.T) {
		r := newRig(t, "e", "d", "d/sub")
		r.want("events", r.decode(2, from, raw(3, sys.InModify, 0, "f")),
			[]string{"create|delete|moved|dir /d"})
		r.want("sub", r.path(4), "unknown")
		r.want("dropped", r.Stats().Detached, int64(1))
	})
	t.Run("owed a walk", func(t *testing.T) {
		r := newRig(t, "e", "d", "d/sub")
		r.decode(2, from, to)
		r.want("covered", r.table.Covered(r.table.ByKey(2), []byte("x"), 2), false)
	})
}

func TestLaterWalkBeatsEarlierEvents(t *testing.T) {
	r := newRig(t, "d", "e")
	// Read 5 brings a rename; a walk stamped 6 has seen another directory under the old name.
	r.publish(1, "d", 9, 6)
	r.decode(5, raw(1, sys.InMovedFrom|isDir, 5, "d"), raw(1, sys.InMovedTo|isDir, 5, "x"))
	r.want("the new d", r.path(9), "/d")
	// The same for the new name: what a later walk saw there stays.
	r.publish(1, "y", 10, 8)
	r.decode(7, raw(1, sys.InMovedFrom|isDir, 6, "e"), raw(1, sys.InMovedTo|isDir, 6, "y"))
	r.want("y", r.path(10), "/y")
	r.want("e, whose place only a walk can tell", r.path(3), "unknown")
}

func TestSlowWalkerDoesNotUndoRename(t *testing.T) {
	r := newRig(t, "d", "e")
	r.decode(5, raw(1, sys.InMovedFrom|isDir, 5, "d"), raw(3, sys.InMovedTo|isDir, 5, "d"))
	r.publish(1, "d", 2, 4) // opened before the rename, published after it was decoded
	r.decode(6)
	r.want("d", r.path(2), "/e/d")
}

func TestSightOfWhoHasLeftIsLookedAt(t *testing.T) {
	r := newRig(t, "d")
	r.walks.Add(1)
	r.decode(5, raw(2, sys.InMovedFrom|isDir, 5, "sub"))
	r.publish(2, "sub", 7, 4) // opened before it left, published after that was decoded
	r.publish(7, "below", 8, 4)
	r.want("events", r.decode(6), []string{"create|moved|dir d/sub"})
	r.want("sub", r.path(7), "unknown")
	r.publish(2, "sub", 7, 6) // it came back
	r.want("events", r.decode(7), []string(nil))
	r.want("below", r.path(8), "/d/sub/below")
}

func TestRecordsBeforeTheirPublicationWait(t *testing.T) {
	r := newRig(t)
	r.walks.Add(1)
	r.want("before", r.decode(2, raw(7, sys.InCreate, 0, "f"), raw(7, sys.InModify, 0, "f"),
		raw(8, sys.InCreate, 0, "other")), []string(nil))
	r.publish(1, "new", 7, 2)
	r.want("after", r.decode(3, raw(7, sys.InCloseWrite, 0, "f")),
		[]string{"create new/f", "modify new/f", "close new/f"})
	r.walks.Add(-1)
	r.decode(4)
	r.want("of nobody's watch, after the walk", len(r.early.records), 0)
}

func TestLastWordBeforeThePublication(t *testing.T) {
	r := newRig(t)
	r.walks.Add(1)
	r.decode(2, raw(7, sys.InDeleteSelf, 0, ""), raw(7, sys.InIgnored, 0, ""))
	r.publish(1, "gone", 7, 2)
	r.decode(3)
	r.want("directories", r.table.Len(), 1)
}

func TestEarlyRecordsAreBounded(t *testing.T) {
	r := newRig(t)
	r.walks.Add(1)
	record := raw(7, sys.InModify, 0, strings.Repeat("n", 255))
	for range 2 * earlyBytes / len(record) {
		r.decode(2, record)
	}
	if n := len(r.early.records); n > earlyBytes {
		t.Errorf("%d bytes are kept", n)
	}
	if r.Stats().Dropped == 0 {
		t.Error("what was dropped is not counted")
	}
	r.publish(1, "d", 7, 2)
	if n := len(r.decode(3)); n < earlyBytes/(4+len(record))-1 {
		t.Errorf("%d events of a full store", n)
	}
}

func TestOverflowIsALossSinceTheQueueWasLastSeenEmpty(t *testing.T) {
	r := newRig(t, "d")
	r.decode(2, raw(1, sys.InCreate, 0, "f"))
	full := raw(2, sys.InMovedFrom|isDir, 3, "sub")
	r.Decode(&kern.Buffer{Bytes: full, Seq: 3, Start: 300}, r.emit)
	got := r.decode(4, raw(-1, sys.InOverflow, 0, ""), raw(1, sys.InCreate, 0, "g"))
	r.want("events", got, []string{"loss since 200", "create /g"})
	r.want("overflows", r.Stats().Overflows, int64(1))
	r.want("the next", r.decode(5, raw(-1, sys.InOverflow, 0, "")), []string{"loss since 400"})
}

func TestBrokenBufferIsALoss(t *testing.T) {
	for name, p := range map[string][]byte{
		"short header": raw(1, sys.InCreate, 0, "f")[:12],
		"long name":    append(raw(1, sys.InCreate, 0, "")[:12], 255, 255, 255, 255),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.decode(1)
			r.want("events", r.decode(2, raw(1, sys.InCreate, 0, "f"), p),
				[]string{"create /f", "loss since 100"})
		})
	}
}

func TestSweepTakesWhatARewalkDidNotFind(t *testing.T) {
	r := newRig(t, "kept", "lost", "lost/below", "moved")
	r.publish(1, "kept", 2, 9)
	r.decode(9, raw(1, sys.InMovedFrom|isDir, 5, "moved"), raw(1, sys.InMovedTo|isDir, 5, "m"))
	r.published.append(notice{kind: sweep, visit: 8}, nil)
	r.decode(10)
	for wd, want := range map[int32]string{2: "/kept", 3: "unknown", 4: "unknown", 5: "/m"} {
		r.want(fmt.Sprint(wd), r.path(wd), want)
	}
	r.want("swept", r.Stats().Swept, int64(1))
}

func TestNumbersOfReadsWrap(t *testing.T) {
	r := newRig(t, "d")
	seq := uint32(2)
	for range 9 {
		seq += 1 << 29
		r.decode(seq)
		if r.table.Covered(r.table.RootOf(0), []byte("d"), seq) {
			t.Fatalf("at %d a directory that was seen long ago counts as just seen", seq)
		}
	}
}

func TestDropTree(t *testing.T) {
	r := newRig(t, "d")
	r.decode(1)
	r.DropTree(0)
	r.publish(2, "late", 5, 1)
	r.published.append(notice{kind: sawRoot, wd: 1, visit: 1}, nil) // of a walk that was late
	r.want("events", r.decode(2, raw(1, sys.InCreate, 0, "f")), []string(nil))
	r.want("root", r.table.RootOf(0), kern.NoDir)
	r.want("late", r.path(5), "unknown")
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	r := newRig(t, "d", "e")
	r.decode(1)
	var all []byte
	for i := range 100 {
		all = append(all, raw(int32(2+i%2), sys.InModify, 0, fmt.Sprintf("file-%d", i))...)
		all = append(all, raw(1, sys.InMovedFrom|isDir, uint32(i+1), []string{"d", "x"}[i%2])...)
		all = append(all, raw(1, sys.InMovedTo|isDir, uint32(i+1), []string{"x", "d"}[i%2])...)
	}
	b := &kern.Buffer{Bytes: all, Seq: 2, Emptied: true}
	events := 0
	emit := func(kern.Event) { events++ }
	if n := testing.AllocsPerRun(50, func() { r.Decode(b, emit) }); n != 0 {
		t.Errorf("%v allocations for 300 events", n)
	}
	if events < 300*50 {
		t.Errorf("%d events", events)
	}
}
