package track

import (
	"context"
	"sync"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// lossMark is what the tracker tells the recovery: dirty since then.
type lossMark struct {
	mu    sync.Mutex
	since int64 // 0: nothing was lost
	wake  chan struct{}
}

// loss notes that events after since were lost.
func (t *Tracker) loss(since int64) {
	t.stats.losses.Add(1)
	l := &t.lost
	l.mu.Lock()
	if l.since == 0 || since < l.since {
		l.since = max(since, 1)
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lossMark) take() (since int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	since, l.since = l.since, 0
	return since
}

const (
	minPause = 2 * time.Second
	maxPause = time.Hour
)

// recover answers losses: the trees are watched again first, then everything in them is in doubt.
// One recovery runs and at most one waits. Between two there is a pause of at least the length of
// the last one, which doubles while losses go on: on a large tree passes that follow each other
// would never let a live change through.
func (t *Tracker) recover(ctx context.Context) {
	var pause time.Duration
	var ended time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.lost.wake:
		}
		if !ended.IsZero() && time.Since(ended) < pause {
			t.opts.Log.Warn("events are lost faster than the tree can be compared: cannot keep up",
				"pause", pause, "remedy", "raise fs.inotify.max_queued_events")
			if !wait(ctx, pause-time.Since(ended)) {
				return
			}
			pause = min(2*pause, maxPause)
		} else {
			pause = 0
		}
		began := time.Now()
		t.recoverSince(ctx, t.lost.take())
		ended = time.Now()
		pause = min(max(pause, ended.Sub(began), t.opts.PassLength(), minPause), maxPause)
	}
}

func (t *Tracker) recoverSince(ctx context.Context, since int64) {
	t.opts.Log.Warn("the kernel dropped events: the trees are compared as a whole",
		"since", time.Unix(0, since).Format(time.RFC3339), "losses", t.stats.losses.Load())
	for tree := range t.opts.Trees {
		report, err := t.src.Rewalk(ctx, tree)
		if err != nil && ctx.Err() == nil {
			t.opts.Log.Error("watch the tree again", "tree", tree, "err", err)
		}
		t.Report(tree, report)
		t.owe(tree, "", since)
	}
}

// owe makes a subtree dirty on behalf of a recovery.
func (t *Tracker) owe(tree int, path string, since int64) {
	t.Mark(tree, task.Debt{
		Path: path, Scope: task.Subtree, Origin: task.Recovery, Class: task.ClassBulk, Since: since,
	})
}

// revisitEvery is how often directories that can't be watched are compared as a whole.
const revisitEvery = time.Minute

// blindSpots are the directories that could not be watched because the kernel's limit is reached.
type blindSpots struct {
	mu    sync.Mutex
	paths map[int][]string // by tree, topmost
	told  bool             // the log says that there are some
	wake  chan struct{}
}

// add reports whether these are the first since everything was watched.
func (b *blindSpots) add(tree int, paths []string) (first bool) {
	b.mu.Lock()
	if b.paths == nil {
		b.paths = map[int][]string{}
	}
	b.paths[tree] = append(b.paths[tree], paths...)
	first, b.told = !b.told, true
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return first
}

// take returns what is blind, and forgets it.
func (b *blindSpots) take() map[int][]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	paths := b.paths
	b.paths = nil
	return paths
}

// settle notes whether everything is watched now.
func (b *blindSpots) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = len(b.paths) > 0
}

// revisit compares what can't be watched every minute, and tries to watch it again: a raised
// limit is noticed without a restart. While everything is watched it waits and no timer runs.
func (t *Tracker) revisit(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.blind.wake:
		}
		if !wait(ctx, revisitEvery) {
			return
		}
		for tree, paths := range t.blind.take() {
			for _, path := range paths {
				report, err := t.src.Revisit(ctx, tree, path)
				if err != nil && ctx.Err() == nil {
					t.opts.Log.Warn("watch directory again", "path", path, "err", err)
				}
				t.Report(tree, report)
				t.owe(tree, path, time.Now().Add(-revisitEvery).UnixNano())
			}
		}
		t.blind.settle()
	}
}

// wait reports false if ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
