package rsyncexec

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

// readsStdin says that a warm rsync has connected and waits for its list and nothing else: it is
// in poll(2) for descriptor 0 alone, or in select(2) for one descriptor (amd64's numbers).
func readsStdin(w *Warm) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", w.p.leader.Pid))
	if err != nil {
		return false
	}
	const poll, sel, pselect = 7, 23, 270
	var nr int
	var arg0, arg1 uint64
	if n, _ := fmt.Sscanf(string(b), "%d 0x%x 0x%x", &nr, &arg0, &arg1); n != 3 {
		return false
	}
	switch nr {
	case sel, pselect:
		return arg0 == 1
	case poll:
		mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", w.p.leader.Pid))
		if err != nil {
			return false
		}
		defer mem.Close()
		var fd [4]byte
		_, err = mem.ReadAt(fd[:], int64(arg0))
		return err == nil && arg1 == 1 && binary.NativeEndian.Uint32(fd[:]) == 0
	}
	return false
}

// startWarm is a warm run that waits for its list.
func startWarm(t testing.TB, r *Runner, o WarmOptions) *Warm {
	t.Helper()
	w, err := r.Warm(t.Context(), o)
	must(t, err)
	t.Cleanup(w.Close)
	eventually(t, "the warm run waits for its list", func() bool { return readsStdin(w) })
	return w
}

func TestWarmRun(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options, dst string) {
		src := t.TempDir()
		root := openRoot(t, src)
		tree(t, dst, "d/gone")
		w := startWarm(t, NewRunner(o), WarmOptions{RootFD: root, MaxDelete: 4})
		// The list names what did not exist when the run was started.
		tree(t, src, "d/new\nline", "d/#f")
		var sent []string
		res, err := w.Run(t.Context(), []Item{
			{Path: "d/new\nline"},
			{Path: "d/#f"},
			{Path: "d/gone", Missing: true},
		}, func(path []byte, _ int64) { sent = append(sent, string(path)) })
		must(t, err)
		if len(sent) != 2 || res.Sent != 2 || res.DeletedCount != 1 || !res.Warm {
			t.Errorf("sent %q, %+v", sent, res)
		}
		if !exists(filepath.Join(dst, "d/new\nline")) || exists(filepath.Join(dst, "d/gone")) {
			t.Error("the target is wrong")
		}
		if _, err := w.Run(t.Context(), []Item{{Path: "d/#f"}}, nil); !errors.Is(err, ErrWarmUsed) {
			t.Errorf("second list: %v", err)
		}
	})
}

func TestWarmRefusesWhatItsOptionsCannotDo(t *testing.T) {
	dst := t.TempDir()
	w := startWarm(t, NewRunner(Options{Dest: dst}), WarmOptions{RootFD: openRoot(t, t.TempDir()), MaxDelete: 1})
	for name, items := range map[string][]Item{
		"a listing":      {{Path: "d", Level: true}},
		"the root":       {{}},
		"more deletions": {{Path: "a", Missing: true}, {Path: "b", Missing: true}},
	} {
		if _, err := w.Run(t.Context(), items, nil); !errors.Is(err, ErrNeedsCold) {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := make([]Item, 1<<16)
	for i := range long {
		long[i].Path = fmt.Sprintf("%s/%d", strings.Repeat("d", 200), i)
	}
	if os.Geteuid() != 0 { // root may make a pipe as large as it likes, with CAP_SYS_RESOURCE
		if _, err := w.Run(t.Context(), long, nil); !errors.Is(err, ErrTooLong) {
			t.Errorf("a long list: %v", err)
		}
	}
	if _, err := w.Run(t.Context(), []Item{{Path: "a", Missing: true}}, nil); err != nil {
		t.Errorf("after refusals it can't be used: %v", err)
	}
}

// A list of more than 64 KiB needs a larger pipe than the default.
func TestWarmTakesALongList(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	w := startWarm(t, NewRunner(Options{Dest: dst}), WarmOptions{RootFD: openRoot(t, src), MaxDelete: 600})
	items := make([]Item, 601)
	for i := range 600 {
		items[i] = Item{Path: fmt.Sprintf("%s%d", strings.Repeat("n", 200), i), Missing: true}
	}
	items[600].Path = "f"
	tree(t, src, "f")
	res, err := w.Run(t.Context(), items, nil)
	if err != nil || !exists(filepath.Join(dst, "f")) {
		t.Errorf("%v\n%s", err, res.Stderr)
	}
}

func TestWarmThatDiedIdle(t *testing.T) {
	d := rsynctest.Daemon(t, rsynctest.Options{})
	src := t.TempDir()
	tree(t, src, "f")
	r := NewRunner(Options{Dest: d.URL("m")})
	w := startWarm(t, r, WarmOptions{RootFD: openRoot(t, src)})
	d.Stop()
	d.Start()
	res, err := w.Run(t.Context(), []Item{{Path: "f"}}, nil)
	if !errors.Is(err, ErrWarmDead) || res.Sent != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	// The caller goes cold at once.
	run(t, r, Invocation{RootFD: openRoot(t, src), Items: []Item{{Path: "f"}}, Compare: Content})
}

// A daemon whose own timeout is shorter than the keep-alive interval ends an idle warm run; one
// whose timeout is longer must not.
func TestWarmOutlivesTheDaemonsTimeout(t *testing.T) {
	if testing.Short() {
		t.Skip("idles for seconds")
	}
	d := rsynctest.Daemon(t, rsynctest.Options{Params: []string{"timeout = 2"}})
	src := t.TempDir()
	tree(t, src, "f")
	r := NewRunner(Options{Dest: d.URL("m")})
	kept := startWarm(t, r, WarmOptions{RootFD: openRoot(t, src), Timeout: 2 * time.Second})
	lost := startWarm(t, r, WarmOptions{RootFD: openRoot(t, src)})
	eventually(t, "the daemon ends the idle one", func() bool {
		return strings.Contains(d.Log(), "timeout")
	})
	if _, err := lost.Run(t.Context(), []Item{{Path: "f"}}, nil); !errors.Is(err, ErrWarmDead) {
		t.Errorf("the one without keep-alives in time: %v", err)
	}
	if res, err := kept.Run(t.Context(), []Item{{Path: "f"}}, nil); err != nil || res.Sent != 1 {
		t.Errorf("the one with keep-alives: %+v, %v", res, err)
	}
}

func TestWarmWithoutProgress(t *testing.T) {
	d := rsynctest.Daemon(t, rsynctest.Options{})
	src := t.TempDir()
	tree(t, src, "f")
	r := NewRunner(Options{Dest: d.URL("m"), Grace: 50 * time.Millisecond})
	w := startWarm(t, r, WarmOptions{RootFD: openRoot(t, src), FirstOutput: 200 * time.Millisecond})
	d.Freeze()
	defer d.Thaw()
	_, err := w.Run(t.Context(), []Item{{Path: "f"}}, nil)
	if !errors.Is(err, ErrNoProgress) {
		t.Errorf("err = %v", err)
	}
}

func TestWarmIsEndedByItsContext(t *testing.T) {
	d := rsynctest.Daemon(t, rsynctest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	w, err := NewRunner(Options{Dest: d.URL("m")}).Warm(ctx, WarmOptions{RootFD: openRoot(t, t.TempDir())})
	must(t, err)
	cancel()
	<-w.Dead()
	w.Close()
	w.Close()
	if _, err := w.Run(t.Context(), []Item{{Path: "f"}}, nil); !errors.Is(err, ErrWarmUsed) {
		t.Errorf("after Close: %v", err)
	}
}
