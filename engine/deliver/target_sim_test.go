package deliver

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// A tree changes at random while runs of several workers list it, are slow, fail in every way and
// set directories back to what they had listed. In the end source and target are the same, and no
// two runs ever overlapped.
func TestTreesEndTheSame(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { simulate(t, seed) })
		})
	}
}

func simulate(t *testing.T, seed uint64) {
	w := newWorld(seed)
	look, runs := &looker{w: w}, &mover{w: w, late: seed%8 == 1}
	look.noise.Store(seed%4 != 0)
	runs.noise.Store(seed%3 != 0)
	ceiling := 0
	if seed%5 == 0 {
		ceiling = 8
	}
	rules := guard.Options{Mode: guard.Always, Contact: guard.Clean, MaxDelete: guard.Limit{Names: -1}}
	if seed%7 == 3 {
		rules = guard.Options{} // first contact: deletions are held, and confirmed at the end
	}
	tg := New(Options{
		Name: "sim", Resolver: look, Runner: runs, Workers: 1 + w.intn(5), Ceiling: ceiling,
		NoWarm: seed%2 == 0, Guard: guard.New(rules),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tg.Run(ctx) }()
	for range 60 + w.intn(200) {
		debts := w.change()
		if seed%6 == 2 && w.chance(10) {
			w.breakOne()
		}
		if seed%6 == 4 && w.chance(10) {
			w.enlargeOne()
		}
		if w.chance(5) {
			w.mu.Lock()
			debts = append(debts, w.debt("", task.Subtree, task.Attr))
			debts[len(debts)-1].Origin, debts[len(debts)-1].Class = task.Recovery, task.ClassBulk
			w.mu.Unlock()
		}
		if w.chance(30) {
			pause(ctx, time.Duration(w.intn(40))*time.Millisecond)
		}
		tg.Add(debts)
		if w.chance(20) {
			pause(ctx, time.Duration(w.intn(400))*time.Millisecond)
		}
	}
	w.mend()
	look.noise.Store(false)
	runs.noise.Store(false)
	waited, stop := context.WithTimeout(ctx, time.Hour)
	defer stop()
	for tg.Stats().Owed > 0 && waited.Err() == nil {
		_ = tg.Wait(waited, func(s Stats) bool { return s.Owed == s.Waiting[task.Held] && s.Running == 0 })
		tg.Confirm()
	}
	if waited.Err() != nil {
		t.Errorf("never idle: %+v\n%+v", tg.Stats(), tg.Queue().Waiting(20))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := w.same(); err != nil {
		t.Error(err)
	}
	if runs.wrong != nil {
		t.Errorf("runs overlap: %v", runs.wrong)
	}
}
