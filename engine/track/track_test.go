package track

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/dirty"
	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/inotify"
	"github.com/sersync/sersync/kern/scan"
)

// fakeSource is a Source without a kernel: what tests send is what Decode emits.
type fakeSource struct {
	table  *kern.DirTable
	events chan []event
	closed chan struct{} // by Finish
	fails  chan error    // what Read fails with
	once   sync.Once
	reads  uint32
	batch  map[uint32][]event

	mu      sync.Mutex
	walks   []string
	rewalks int
	inside  func(path string) // called while a directory is entered
	blind   []string          // reported as unwatched by the next walk
}

// event is a kern.Event whose directory is a path.
type event struct {
	dir, name string
	op        kern.Op
	since     int64
}

func newFake(table *kern.DirTable) *fakeSource {
	return &fakeSource{
		table: table, events: make(chan []event, 100), closed: make(chan struct{}), fails: make(chan error, 1),
		batch: map[uint32][]event{},
	}
}

func (s *fakeSource) Read(b *kern.Buffer) error {
	select {
	case ev := <-s.events:
		return s.took(b, ev)
	case err := <-s.fails:
		return err
	case <-s.closed:
	}
	select { // what is queued comes first
	case ev := <-s.events:
		return s.took(b, ev)
	default:
		return kern.ErrClosed
	}
}

func (s *fakeSource) took(b *kern.Buffer, ev []event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	b.Seq = s.reads
	s.batch[b.Seq] = ev
	return nil
}

func (s *fakeSource) Decode(b *kern.Buffer, emit func(kern.Event)) {
	s.mu.Lock()
	events := s.batch[b.Seq]
	delete(s.batch, b.Seq)
	s.mu.Unlock()
	for _, e := range events {
		emit(kern.Event{Dir: s.dir(e.dir), Name: []byte(e.name), Op: e.op, Since: e.since})
	}
}

// dir finds or makes the directory in the table.
func (s *fakeSource) dir(path string) kern.DirID {
	id := s.table.RootOf(0)
	for name := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' }) {
		child := s.table.Child(id, []byte(name))
		if child == kern.NoDir {
			child = s.table.Put(id, []byte(name), uint64(s.table.Len()+1), 0)
		}
		id = child
	}
	return id
}

func (s *fakeSource) Enter(_ context.Context, _ int, path string, _ uint64, _ []byte) (inotify.Report, error) {
	return s.walked(path)
}

func (s *fakeSource) Revisit(_ context.Context, _ int, path string) (inotify.Report, error) {
	return s.walked(path)
}

func (s *fakeSource) Rewalk(context.Context, int) (inotify.Report, error) {
	s.mu.Lock()
	s.rewalks++
	s.mu.Unlock()
	return inotify.Report{}, nil
}

func (s *fakeSource) walked(path string) (inotify.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.walks = append(s.walks, path)
	if s.inside != nil {
		s.inside(path)
	}
	blind := s.blind
	s.blind = nil
	return inotify.Report{Unwatched: blind}, nil
}

func (s *fakeSource) Reap(int64) int64 { return 0 }
func (s *fakeSource) Caps() kern.Caps  { return kern.Caps{} }
func (s *fakeSource) Finish()          { s.once.Do(func() { close(s.closed) }) }
func (s *fakeSource) Close() error     { return nil }

// running is a Tracker over a fake Source inside a synctest bubble.
type running struct {
	*Tracker
	src    *fakeSource
	cancel context.CancelFunc
	stop   func()
}

func start(t *testing.T, o Options) *running {
	t.Helper()
	o.Table = kern.NewDirTable()
	o.Table.Root(1, 0)
	src := newFake(o.Table)
	o.Source = src
	if o.Trees == nil {
		o.Trees = []Tree{{}}
	}
	for i := range o.Trees {
		o.Trees[i].Root = func() *scan.Root { return nil }
	}
	o.BufferSize = 64
	tr := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tr.Run(ctx) }()
	return &running{tr, src, cancel, func() {
		cancel()
		tr.Abandon()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}}
}

// next returns the debts of the next batch as text.
func (r *running) next(t *testing.T) []string {
	t.Helper()
	debts, err := r.Next()
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return texts(debts[0])
}

func texts(debts []task.Debt) []string {
	var out []string
	for _, d := range debts {
		out = append(out, fmt.Sprintf("%v %v %q %b", d.Origin, d.Scope, d.Path, d.What))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func entry(path string, what task.What) string {
	return fmt.Sprintf("live entry %q %b", path, what)
}

func subtree(path string) string { return fmt.Sprintf("live subtree %q %b", path, task.WasDir) }

func TestAFileBecomesOneDebt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Options{})
		defer r.stop()
		r.src.events <- []event{
			{dir: "a/b", name: "f", op: kern.OpCreate},
			{dir: "a/b", name: "f", op: kern.OpModify},
			{dir: "a/b", name: "f", op: kern.OpClose},
		}
		want := []string{entry("a/b/f", task.Content|task.Attr|task.Came)}
		if d := cmp.Diff(want, r.next(t)); d != "" {
			t.Error("(-want +got)", d)
		}
	})
}

// What comes into a new directory before its watch stands raises no event: the directory is in
// doubt when its walk is asked for and again when the walk has ended.
func TestANewDirectoryIsMarkedBeforeAndAfterItsWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Options{})
		defer r.stop()
		release := make(chan struct{})
		r.src.inside = func(string) { <-release }
		r.src.events <- []event{{dir: "a", name: "new", op: kern.OpCreate | kern.OpIsDir}}
		if d := cmp.Diff([]string{subtree("a/new")}, r.next(t)); d != "" {
			t.Error("before (-want +got)", d)
		}
		close(release)
		want := []string{fmt.Sprintf("live subtree %q 0", "a/new")}
		if d := cmp.Diff(want, r.next(t)); d != "" {
			t.Error("after (-want +got)", d)
		}
		if d := cmp.Diff([]string{"a/new"}, r.src.walks); d != "" {
			t.Error("walks (-want +got)", d)
		}
	})
}

// The walks of a rename are waited for, and each side is one debt: one run does both.
func TestARenamedDirectoryIsOneDebtOnEitherSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Options{})
		defer r.stop()
		r.src.events <- []event{
			{dir: "", name: "old", op: kern.OpDelete | kern.OpIsDir | kern.OpMoved},
			{dir: "", name: "old", op: kern.OpCreate | kern.OpIsDir | kern.OpMoved},
			{dir: "b", name: "new", op: kern.OpCreate | kern.OpIsDir | kern.OpMoved},
		}
		want := []string{
			fmt.Sprintf("live subtree %q %b", "b/new", task.Content|task.WasDir),
			fmt.Sprintf("live subtree %q %b", "old", task.Content|task.Left|task.WasDir),
		}
		if d := cmp.Diff(want, r.next(t)); d != "" {
			t.Error("(-want +got)", d)
		}
		synctest.Wait()
		if at, ok := r.set.Due(); ok {
			t.Error("something is due again, at", at)
		}
	})
}

func TestALossIsAWalkAndTheWholeTreeInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Options{})
		defer r.stop()
		since := time.Now().Add(-time.Second).UnixNano()
		r.src.events <- []event{{op: kern.OpLoss, since: since}}
		debts, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		want := []task.Debt{{
			Scope: task.Subtree, Origin: task.Recovery, Class: task.ClassBulk,
			Since: since, Seq: debts[0][0].Seq,
		}}
		if d := cmp.Diff(want, debts[0]); d != "" {
			t.Error("(-want +got)", d)
		}
		if r.src.rewalks != 1 {
			t.Errorf("the tree was walked %d times, want 1", r.src.rewalks)
		}
	})
}

// One overflow after another must not mean one full pass after another.
func TestLossesThatGoOnAreAnsweredFurtherAndFurtherApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Options{PassLength: func() time.Duration { return time.Minute }})
		defer r.stop()
		go func() { // a dispatcher that takes whatever comes
			for {
				if _, err := r.Next(); err != nil {
					return
				}
			}
		}()
		for range 3600 {
			r.src.events <- []event{{op: kern.OpLoss, since: time.Now().UnixNano()}}
			<-time.After(time.Second)
		}
		r.src.mu.Lock()
		defer r.src.mu.Unlock()
		if n := r.src.rewalks; n < 3 || n > 8 {
			t.Errorf("%d recoveries in an hour of losses with passes of a minute, want 3 to 8", n)
		}
	})
}

func TestTheCeilingStopsReadingAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Options{Dirty: dirty.Options{Ceiling: 10}, Buffers: 4})
		defer r.stop()
		want := map[string]bool{}
		for i := range 60 {
			name := fmt.Sprint("f", i)
			want[name] = true
			r.src.events <- []event{{name: name, op: kern.OpClose}}
		}
		synctest.Wait()
		if left := len(r.src.events); left < 60-10-4-1 {
			t.Errorf("%d of 60 reads are left in the kernel, so more than the bounds were read", left)
		}
		for len(want) > 0 {
			debts, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range debts[0] {
				delete(want, d.Path)
			}
		}
	})
}

func TestWhatIsDirtyAtTheEndIsStillHandedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{}
		r := start(t, o)
		// Still in the kernel's queue when the end is asked for.
		r.src.events <- []event{{name: "last", op: kern.OpClose}}
		r.cancel()
		if d := cmp.Diff([]string{entry("last", task.Content)}, r.next(t)); d != "" {
			t.Error("(-want +got)", d)
		}
		if _, err := r.Next(); !errors.Is(err, ErrEnded) {
			t.Errorf("Next after the end: %v, want ErrEnded", err)
		}
		r.stop()
	})
}

// A mirror that sees nothing any more must end and say so, not go on looking healthy.
func TestAReaderThatFailsEndsTheTracker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := kern.NewDirTable()
		table.Root(1, 0)
		src := newFake(table)
		tr := New(Options{Source: src, Table: table, Trees: []Tree{{Root: func() *scan.Root { return nil }}}})
		want := errors.New("read inotify: input/output error")
		src.fails <- want
		done := make(chan error, 1)
		go func() { done <- tr.Run(t.Context()) }()
		if _, err := tr.Next(); !errors.Is(err, ErrEnded) {
			t.Errorf("Next: %v, want ErrEnded", err)
		}
		if err := <-done; !errors.Is(err, want) {
			t.Errorf("Run: %v, want %v", err, want)
		}
	})
}

func TestExcludedNamesMakeNoDebtAndNoWalk(t *testing.T) {
	for _, rule := range []string{"- *.tmp", "- /a/*.tmp"} { // by name, by path
		t.Run(rule, func(t *testing.T) {
			rules, err := filter.Parse(rule)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				r := start(t, Options{Trees: []Tree{{Rules: rules}}})
				defer r.stop()
				r.src.events <- []event{
					{dir: "a", name: "x.tmp", op: kern.OpClose},
					{dir: "a", name: "d.tmp", op: kern.OpCreate | kern.OpIsDir},
					{dir: "a/e.tmp", name: "below", op: kern.OpClose},
					{dir: "a", name: "kept", op: kern.OpClose},
				}
				if d := cmp.Diff([]string{entry("a/kept", task.Content)}, r.next(t)); d != "" {
					t.Error("(-want +got)", d)
				}
				if len(r.src.walks) > 0 {
					t.Errorf("walked %q", r.src.walks)
				}
			})
		})
	}
}

// A write through one name of a file must reach the target under each, also when the name that was
// written through is gone before anybody looks.
func TestAWriteThroughOneNameMarksTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Options{})
		defer r.stop()
		r.do(func() { r.src.dir("d") })
		ino := Inode{Dev: 1, Ino: 7}
		r.Names(ino, "d/f", 1)
		if got := r.Names(ino, "g", 2); len(got) != 2 {
			t.Fatalf("known names %q, want d/f and g", got)
		}
		r.src.events <- []event{
			{dir: "d", name: "f", op: kern.OpClose},
			{dir: "d", name: "f", op: kern.OpDelete},
		}
		want := []string{
			entry("d/f", task.Content|task.Left), entry("g", task.Content),
		}
		if d := cmp.Diff(want, r.next(t)); d != "" {
			t.Error("(-want +got)", d)
		}
		if got := r.Names(ino, "g", 1); len(got) != 1 {
			t.Errorf("known names after the unlink: %q, want g", got)
		}
	})
}

// Directories past the watch limit are compared every minute, and no timer runs without them.
func TestDirectoriesPastTheWatchLimitAreRevisited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Options{})
		defer r.stop()
		r.src.blind = []string{"a/new/deep"}
		r.src.events <- []event{{dir: "a", name: "new", op: kern.OpCreate | kern.OpIsDir}}
		began := time.Now()
		want := fmt.Sprintf("recovery subtree %q 0", "a/new/deep")
		for !slices.Contains(r.next(t), want) {
			continue
		}
		if d := time.Since(began); d < 50*time.Second || d > 70*time.Second {
			t.Errorf("compared after %v, want a minute", d)
		}
	})
}
