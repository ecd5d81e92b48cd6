package deliver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// disk is a target with room for so many bytes. A run ends at the first file that does not fit, and
// says what it has not done.
type disk struct {
	room int
	// vague: rsync's words name no path.
	vague bool
	// slow is how long it takes to find that a file does not fit.
	slow time.Duration

	mu    sync.Mutex
	files map[string]int // of the source
	has   map[string]int
	tries map[string]int // runs that ended at this path
}

func newDisk(room int) *disk {
	return &disk{room: room, files: map[string]int{}, has: map[string]int{}, tries: map[string]int{}}
}

func (d *disk) run(ctx context.Context, _ int, p *task.Plan, _ guard.Budget) (Result, error) {
	failed := d.write(p)
	if failed == nil {
		return Result{}, nil
	}
	pause(ctx, d.slow)
	err := errors.New("write failed: No space left on device (28)")
	return Result{Code: 11, FailedKnown: true, Failed: failed}, &RunError{Class: ClassDiskFull, Err: err}
}

func (d *disk) write(p *task.Plan) (failed []PathFailure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, path := range d.listed(p) {
		size, there := d.files[path]
		switch {
		case failed != nil:
			failed = append(failed, PathFailure{Path: path})
		case !there:
			delete(d.has, path)
		case d.used()-d.has[path]+size > d.room:
			d.tries[path]++
			f := PathFailure{Path: path}
			if !d.vague {
				f.Why = "write failed"
			}
			failed = append(failed, f)
		default:
			d.has[path] = size
		}
	}
	return failed
}

// listed are the paths that a run compares, files before directories, as rsync does.
func (d *disk) listed(p *task.Plan) (paths []string) {
	for _, item := range p.Items {
		if !item.Dir {
			paths = append(paths, item.Path)
			continue
		}
		for path := range d.files {
			if dir, _ := parentOf(path); dir == item.Path || p.Kind == task.KindTree && within(path, item.Path) {
				paths = append(paths, path)
			}
		}
	}
	slices.SortFunc(paths, func(a, b string) int {
		if n := depthOf(a) - depthOf(b); n != 0 {
			return n
		}
		return compare(key{path: a}, key{path: b})
	})
	return paths
}

func (d *disk) used() (sum int) {
	for _, size := range d.has {
		sum += size
	}
	return sum
}

func (d *disk) set(room int, files map[string]int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = room
	maps.Copy(d.files, files)
}

func (d *disk) tried(path string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tries[path]
}

func (d *disk) lacks() (paths []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path := range d.files {
		if _, ok := d.has[path]; !ok {
			paths = append(paths, path)
		}
	}
	return paths
}

func (r *rig) fullLines(t *testing.T, full, room int) {
	t.Helper()
	if f, a := r.log.count("target is full"), r.log.count("target has room again"); f != full || a != room {
		t.Errorf("%d lines say that it is full, want %d; %d that it is over, want %d", f, full, a, room)
	}
	if n := r.log.count("target is down") + r.log.count("up again"); n != 0 {
		t.Errorf("%d lines say that it is down or up", n)
	}
}

// A full pass meets a file that there is no room for. Whatever fits arrives all the same, soon, and
// what changes meanwhile at once; when the file is gone, the pass is paid.
func TestWhatFitsArrivesOnAFullDisk(t *testing.T) {
	for _, vague := range []bool{false, true} {
		for _, scope := range []task.Scope{task.Subtree, task.Listing} {
			t.Run(fmt.Sprintf("%v vague %v", scope, vague), func(t *testing.T) {
				d := newDisk(10_000)
				d.vague = vague
				d.set(d.room, map[string]int{"big": 20_000})
				for i := range 500 {
					name := fmt.Sprint("z", i)
					if scope == task.Subtree && i%2 == 0 {
						name = fmt.Sprint("a/f", i)
					}
					d.files[name] = 1
				}
				bubble(t, Options{Workers: 2}, d.run, func(r *rig) {
					r.owe(task.Attr, scope, task.ClassBulk, "")
					r.sleep(10 * time.Second) // bisection takes 6 of them, at the pace of a target that is down
					if !vague && len(r.seen()) > 20 {
						t.Errorf("%d runs although rsync names the file", len(r.seen()))
					}
					if lacks := d.lacks(); len(lacks) != 1 {
						r.t.Fatalf("after 10 s %d files have not arrived", len(lacks))
					}
					r.liveChangesArrive(d)
					if n := d.tried("big"); n > 30 {
						t.Errorf("%d tries of what does not fit in a minute", n)
					}
					if s := r.Stats(); !s.Idle() || s.Owed != 1 {
						t.Errorf("stats %+v", s)
					}
					r.fullLines(t, 1, 0)
					d.mu.Lock()
					delete(d.files, "big")
					d.mu.Unlock()
					r.owe(task.Attr|task.Left, task.Entry, task.ClassLive, "big")
					r.sleep(2 * time.Second)
					if s := r.Stats(); s.Owed != 0 || s.Down != ClassNone {
						t.Errorf("2 s after it is gone: %+v", s)
					}
					r.fullLines(t, 1, 1)
					r.quiet()
				})
			})
		}
	}
}

// liveChangesArrive changes something every half second and looks that it arrives before the next.
func (r *rig) liveChangesArrive(d *disk) {
	r.t.Helper()
	for i := range 100 {
		d.set(d.room, map[string]int{fmt.Sprint("live", i): 1})
		r.content(fmt.Sprint("live", i))
		r.sleep(500 * time.Millisecond)
		if lacks := d.lacks(); len(lacks) != 1 {
			r.t.Fatalf("change %d has not arrived: %q", i, lacks)
		}
	}
}

// A pass of a target that is full has not ended: what is missing could be what shows that it holds
// nothing extra.
func TestAPassOfAFullDiskEndsWhenAllOfItIsThere(t *testing.T) {
	d := newDisk(10)
	d.set(10, map[string]int{"big": 20, "f": 1})
	g := guard.New(guard.Options{})
	bubble(t, Options{Guard: g}, d.run, func(r *rig) {
		r.owe(task.Attr, task.Subtree, task.ClassBulk, "")
		r.sleep(time.Minute)
		if c := g.Contact(); c != guard.Unknown {
			t.Errorf("contact %v while a file has not arrived", c)
		}
		d.set(100, nil)
		r.sleep(10 * time.Second)
		if c := g.Contact(); c != guard.Clean || r.Stats().Owed != 0 {
			t.Errorf("contact %v: %+v", c, r.Stats())
		}
		r.fullLines(t, 1, 1)
	})
}

// A disk without any room costs a run every few seconds, and all is there soon after there is some.
func TestNothingFits(t *testing.T) {
	for _, vague := range []bool{false, true} {
		t.Run(fmt.Sprint("vague ", vague), func(t *testing.T) {
			d := newDisk(0)
			d.vague = vague
			bubble(t, Options{Workers: 4}, d.run, func(r *rig) {
				var paths []string
				for i := range 2000 {
					paths = append(paths, fmt.Sprint("f", i))
					d.files[paths[i]] = 1
				}
				r.content(paths...)
				r.sleep(10 * time.Minute)
				if n := len(r.seen()); n > 200 {
					t.Errorf("%d runs in ten minutes for nothing", n)
				}
				r.fullLines(t, 1, 0)
				d.set(1<<20, nil)
				r.sleep(10 * time.Second)
				if s := r.Stats(); s.Owed != 0 {
					t.Errorf("10 s after there is room: %+v", s)
				}
				r.fullLines(t, 1, 1)
			})
		})
	}
}

// What takes long to find too large is not tried all the time, not even when it changes.
func TestACostlyTryIsRare(t *testing.T) {
	d := newDisk(10)
	d.slow = 30 * time.Second
	d.set(10, map[string]int{"big": 20})
	bubble(t, Options{}, d.run, func(r *rig) {
		for range 3600 {
			r.content("big")
			r.sleep(time.Second)
		}
		if n := d.tried("big"); n > 3600/(30*5)+2 {
			t.Errorf("%d tries of half a minute in an hour", n)
		}
		r.fullLines(t, 1, 0)
	})
}

// The part of a file that is kept to resume it fills the disk for all others: it goes, and the file
// is tried as a whole from then on.
func TestNoPartOfAFileFillsTheDisk(t *testing.T) {
	a := func(_ context.Context, n int, p *task.Plan, _ guard.Budget) (Result, error) {
		if p.Kind != task.KindLarge || n > 5 {
			return Result{}, nil
		}
		return Result{
			Code: 11, FailedKnown: true, Litter: []string{"d/parts"},
			Failed: []PathFailure{{Path: "d/big", Why: "write failed"}},
		}, failure(ClassDiskFull)
	}
	bubble(t, Options{}, a, func(r *rig) {
		r.owe(task.Content|task.Large, task.Entry, task.ClassBulk, "d/big")
		r.paid()
		runs := r.seen()
		if runs[0].plan.Whole || runs[1].paths != "d/parts" || runs[1].plan.Deletes != 1 || runs[1].plan.Origin != task.Live {
			t.Errorf("runs %+v %+v", runs[0].plan, runs[1].plan)
		}
		for _, run := range runs[2:] {
			if run.paths == "d/big" && !run.plan.Whole {
				t.Errorf("a part is kept after %v", run.at)
			}
		}
		r.fullLines(t, 1, 1)
	})
}
