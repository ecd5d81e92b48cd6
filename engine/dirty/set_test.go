package dirty

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern"
)

const ms = int64(time.Millisecond)

func content() Mark { return Entry | Mark(task.Content) }
func attr() Mark    { return Entry | Mark(task.Attr) }

func due(t *testing.T, s *Set) int64 {
	t.Helper()
	at, ok := s.Due()
	if !ok {
		t.Fatal("the set has nothing due")
	}
	return at
}

func TestOneChangeAtIdleIsDueAtOnce(t *testing.T) {
	s := New(Options{})
	now := 1000 * ms
	for range 3 { // create, modify, close
		s.Add(1, []byte("f"), content(), now)
	}
	if at := due(t, s); at > now {
		t.Errorf("due %d ms after the change, want at once", (at-now)/ms)
	}
}

func TestTheSameNameSoonAgainIsPaced(t *testing.T) {
	s := New(Options{})
	var b Batch
	now := 1000 * ms
	s.Add(1, []byte("f"), content(), now)
	s.Take(&b, now, 100)
	s.Add(1, []byte("f"), content(), now+5*ms)
	if at := due(t, s); at != now+120*ms {
		t.Errorf("due after %d ms, want 120", (at-now)/ms)
	}
	s.Add(1, []byte("g"), content(), now+6*ms)
	if at := due(t, s); at > now+6*ms {
		t.Errorf("another name must not wait for the pace of the first")
	}
}

// A hundred files rewritten without pause may not cause a run for each rewrite.
func TestStormOnFewNamesIsAtMostTenBatchesASecond(t *testing.T) {
	s := New(Options{})
	var b Batch
	batches := 0
	for now := 1000 * ms; now < 3000*ms; now += ms {
		for i := range 20 { // the reader hands over about a millisecond's events at a time
			s.Add(1, fmt.Appendf(nil, "f%d", (now/ms*20+int64(i))%100), content(), now)
		}
		if at := due(t, s); at <= now {
			s.Take(&b, now, 1<<16)
			batches++
		}
	}
	if batches < 10 || batches > 20 {
		t.Errorf("%d batches in 2 s, want 10 to 20", batches)
	}
}

func TestBurstWaitsForQuietAndNoLongerThanMaxAge(t *testing.T) {
	s := New(Options{})
	start := 1000 * ms
	now := start
	for i := range 100 {
		s.Add(1, fmt.Appendf(nil, "n%d", i), content(), now)
	}
	if at := due(t, s); at != now+20*ms {
		t.Errorf("due after %d ms, want 20 of quiet", (at-now)/ms)
	}
	for i := range 1000 {
		now += ms
		s.Add(1, fmt.Appendf(nil, "m%d", i), content(), now)
		if at := due(t, s); at <= now {
			break
		}
	}
	if now-start != 120*ms {
		t.Errorf("taken after %d ms of a steady burst, want 120", (now-start)/ms)
	}
}

// A removal of a tree waits for the name of its top; one other change, and nothing waits for it.
func TestNamesThatLeaveWaitForTheLast(t *testing.T) {
	s := New(Options{})
	var b Batch
	now := 1000 * ms
	gone := Entry | Mark(task.Left)
	for i := range 100 {
		s.Add(1, fmt.Appendf(nil, "f%d", i), gone, now)
	}
	if at := due(t, s); at != now+160*ms {
		t.Errorf("due after %d ms, want 160", (at-now)/ms)
	}
	s.Add(1, []byte("f0"), Entry|Mark(task.Came), now)
	if at := due(t, s); at != now+20*ms {
		t.Errorf("a name that came back is due after %d ms, want 20", (at-now)/ms)
	}
	s.Take(&b, now, 50) // that name is in it
	for i := range 2000 {
		s.Add(2, fmt.Appendf(nil, "f%d", i), gone, now+int64(i)*ms*9/20)
	}
	if at := due(t, s); at != now+960*ms {
		t.Errorf("a removal without end is due after %d ms, want 960", (at-now)/ms)
	}
}

// A directory that appears waits for the end of its walk, and what came with it too; not for ever.
func TestAWalkIsWaitedFor(t *testing.T) {
	s := New(Options{})
	now := 1000 * ms
	s.Add(1, []byte("d"), Subtree|Walking, now)
	if at := due(t, s); at != now+50*ms {
		t.Errorf("due after %d ms, want 50", (at-now)/ms)
	}
	s.Add(1, []byte("d"), attr(), now+ms) // says nothing of the walk
	if at := due(t, s); at != now+50*ms {
		t.Errorf("due after %d ms, want still 50", (at-now)/ms)
	}
	s.Add(1, []byte("d"), Subtree, now+2*ms)
	if at := due(t, s); at > now+2*ms {
		t.Errorf("due %d ms after the walk, want at once", (at-now)/ms-2)
	}
	var b Batch
	s.Take(&b, now+2*ms, 100)
	if c := b.At(0); b.Len() != 1 || c.Mark != Subtree|attr() {
		t.Errorf("%d names, the first marked %x", b.Len(), c.Mark)
	}
	now += 1000 * ms
	s.Add(1, []byte("d"), Subtree|Walking, now)
	s.Add(1, []byte("f"), content(), now)
	if at := due(t, s); at != now+50*ms {
		t.Errorf("what came with it is due after %d ms, want 50", (at-now)/ms)
	}
	s.Take(&b, now+50*ms, 1)
	if at := due(t, s); at > now {
		t.Errorf("what is left waits %d ms for a walk that was handed out", (at-now)/ms)
	}
}

func TestCeilingRefusesNewNamesAndKeepsKnownOnes(t *testing.T) {
	s := New(Options{Ceiling: 10})
	for i := range 10 {
		if !s.Add(1, fmt.Appendf(nil, "%d", i), content(), ms) {
			t.Fatalf("name %d refused below the ceiling", i)
		}
	}
	if s.Add(1, []byte("new"), content(), ms) {
		t.Error("a new name was taken above the ceiling")
	}
	if !s.Add(1, []byte("3"), Subtree, ms) {
		t.Error("a known name was refused at the ceiling")
	}
	if at := due(t, s); at > ms {
		t.Error("a full set must be due at once")
	}
}

func TestMarksOfOneNameAddUp(t *testing.T) {
	s := New(Options{})
	s.Add(1, []byte("d"), Entry|Mark(task.Left|task.WasDir), 1)
	s.Add(1, []byte("d"), Subtree, 2)
	s.Add(1, []byte("d"), Entry|Mark(task.Attr), 3)
	var b Batch
	s.Take(&b, 4, 10)
	got := b.At(0)
	if b.Len() != 1 || got.Since != 1 || got.Seq != 3 ||
		got.Mark != Entry|Subtree|Mark(task.Left|task.WasDir|task.Attr) {
		t.Errorf("got %d entries, the first %+v", b.Len(), got)
	}
}

func TestCloseEndsWriting(t *testing.T) {
	writing := Entry | Mark(task.Content|task.Writing)
	for _, c := range []struct {
		name  string
		marks []Mark
		want  bool
	}{
		{"modify", []Mark{writing}, true},
		{"modify, close", []Mark{writing, content()}, false},
		{"modify, close, modify", []Mark{writing, content(), writing}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := New(Options{})
			for _, m := range c.marks {
				s.Add(1, []byte("f"), m, 1)
			}
			var b Batch
			s.Take(&b, 1, 1)
			got := b.At(0).Mark
			if is := got.What()&task.Writing != 0; is != c.want {
				t.Errorf("mark %b: writing %v, want %v", got, is, c.want)
			}
		})
	}
}

type key struct {
	dir  kern.DirID
	name string
}

type known struct {
	mark  Mark
	since int64
	seq   uint64
}

// The set against a map and a slice: nothing is lost, doubled or reordered, whatever is added and
// however little is taken at a time.
func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { model(t) })
}

func FuzzAgainstModel(f *testing.F) { f.Fuzz(rapid.MakeFuzz(model)) }

func model(t *rapid.T) {
	s := New(Options{Ceiling: rapid.IntRange(1, 3000).Draw(t, "ceiling")})
	want := map[key]known{}
	var order []key
	var b Batch
	now, seq := int64(0), uint64(0)
	names := rapid.IntRange(1, 5000).Draw(t, "names")
	add := func(t *rapid.T) {
		for range rapid.IntRange(1, 2000).Draw(t, "adds") {
			n := rapid.IntRange(0, names).Draw(t, "name")
			k := key{kern.DirID(n%7 + 1), fmt.Sprint(n / 7)}
			m := Mark(1) << rapid.IntRange(0, 11).Draw(t, "mark")
			now++
			old, ok := want[k]
			if got := s.Add(k.dir, []byte(k.name), m, now); got != (ok || len(want) < s.opts.Ceiling) {
				t.Fatalf("Add reported %v with %d of %d names", got, len(want), s.opts.Ceiling)
			} else if !got {
				continue
			}
			seq++
			if !ok {
				old.since = now
				order = append(order, k)
			}
			want[k] = known{old.mark.then(m), old.since, seq}
		}
	}
	take := func(t *rapid.T) {
		limit := rapid.IntRange(1, 1500).Draw(t, "limit")
		s.Take(&b, now, limit)
		if want := min(limit, len(order)); b.Len() != want {
			t.Fatalf("took %d, want %d", b.Len(), want)
		}
		for i := range b.Len() {
			c, k := b.At(i), order[i]
			w := want[k]
			if c.Dir != k.dir || string(c.Name) != k.name ||
				c.Mark != w.mark || c.Since != w.since || c.Seq != w.seq {
				t.Fatalf("entry %d is %+v (%q), want %v %+v", i, c, c.Name, k, w)
			}
			delete(want, k)
		}
		order = order[b.Len():]
	}
	t.Repeat(map[string]func(*rapid.T){
		"add": add, "take": take,
		"": func(t *rapid.T) {
			if s.Len() != len(order) {
				t.Fatalf("Len %d, want %d", s.Len(), len(order))
			}
			stay := 0
			for _, k := range order {
				stay += stays(want[k].mark)
			}
			walking := 0
			for _, k := range order {
				walking += walks(want[k].mark)
			}
			if s.stay != stay || s.walking != walking {
				t.Fatalf("%d names stay, %d walk; want %d, %d", s.stay, s.walking, stay, walking)
			}
			if len(order) > 0 {
				if at, ok := s.Oldest(); !ok || at != want[order[0]].since {
					t.Fatalf("Oldest %d, want %d", at, want[order[0]].since)
				}
			}
		},
	})
}

func TestAddDoesNotAllocate(t *testing.T) {
	s := New(Options{})
	var b Batch
	name := []byte("some-file-name.html")
	fill := func() {
		for i := range 4096 {
			name[0], name[1] = byte(i), byte(i>>8)
			s.Add(kern.DirID(i%64+1), name, content(), ms)
		}
		s.Take(&b, ms, 1<<16)
	}
	fill()
	fill()
	if n := testing.AllocsPerRun(20, fill); n != 0 {
		t.Errorf("%.1f allocations for 4,096 adds and a take", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	for _, c := range []struct {
		name  string
		files int
	}{{"same100", 100}, {"distinct50k", 50_000}} {
		b.Run(c.name, func(b *testing.B) {
			s := New(Options{})
			var batch Batch
			name := []byte("some-file-name-0000.html")
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				n := i % c.files
				name[15], name[16], name[17] = byte(n), byte(n>>8), byte(n>>16)
				s.Add(kern.DirID(n%500+1), name, content(), int64(i))
				if i++; s.Len() >= 1<<16 || i%(1<<20) == 0 {
					s.Take(&batch, int64(i), 1<<16)
				}
			}
		})
	}
}
