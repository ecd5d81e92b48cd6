package rsyncexec

import (
	"context"
	"slices"
)

// A target whose filesystem keeps whole seconds (ext4 with 128-byte inodes, ext3), two of them
// (FAT) or 100 ns (NTFS), asked to compare nanoseconds, takes every file for changed: whatever is
// listed is sent on every run, and a tree as a whole. So it is found out, by what a run that has
// just sent a file finds different in it.

const (
	// stampTries bounds how often it is asked without an answer.
	stampTries = 3
	// smallTree is a tree that is sent rather than looked at first.
	smallTree = 1000
)

// stamps is how far it is known whether a target's times are coarse. Runner.mu guards it.
type stamps struct {
	known  bool
	asking bool
	ahead  bool // a tree has been looked at
	tries  int
}

// stampAnswer is what came of asking.
type stampAnswer uint8

const (
	stampsUnasked stampAnswer = iota
	stampsUnclear
	stampsExact
	stampsCoarse
)

// claimStamps begins to ask, unless it is known or somebody else does.
func (r *Runner) claimStamps() (Quirks, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, q := &r.stamps, r.quirks
	if s.known || s.asking || s.tries >= stampTries || !q.exactWindow() || q.window == "" {
		return q, false
	}
	s.asking = true
	q.Coarse = false // this is how it asks
	return q, true
}

// settleStamps ends what claimStamps began.
func (r *Runner) settleStamps(a stampAnswer) {
	r.mu.Lock()
	was := r.quirks.Coarse
	r.stamps.asking = false
	switch a {
	case stampsUnclear:
		r.stamps.tries++
	case stampsExact, stampsCoarse:
		r.stamps.known, r.quirks.Coarse = true, a == stampsCoarse
	}
	r.mu.Unlock()
	switch {
	case a == stampsCoarse && !was:
		r.o.Log.Warn("target's times are coarse", "target", r.o.Dest, "why", coarseWords)
	case a == stampsExact && was:
		r.o.Log.Info("target's times are exact again", "target", r.o.Dest)
	}
}

// worthALook: it is a tree so large that nobody wants to send all of it to find out.
func (r *Runner) worthALook(inv *Invocation) bool {
	if !inv.Recursive || inv.DryRun || inv.Compare != Quick || inv.Files > 0 && inv.Files < smallTree {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.stamps.ahead && !r.stamps.known && !r.quirks.Coarse
}

// lookAhead asks before the first tree is sent, by the first few files of it. Other trees wait.
func (r *Runner) lookAhead(ctx context.Context, inv *Invocation, q Quirks) Quirks {
	select {
	case <-r.turn:
		defer func() { r.turn <- struct{}{} }()
	case <-ctx.Done():
		return q
	}
	if exact, ok := r.claimStamps(); ok && r.worthALook(inv) {
		found := r.look(ctx, *inv, exact)
		answer := r.judgeStamps(ctx, inv, exact, &found)
		if answer == stampsUnclear {
			answer = stampsUnasked // most of it is not there yet: what is sent will tell
		}
		r.settleStamps(answer)
		r.mu.Lock()
		r.stamps.ahead = true
		r.mu.Unlock()
	} else if ok {
		r.settleStamps(stampsUnasked)
	}
	if now, ok := r.known(); ok {
		return now
	}
	return q
}

// lookBack asks after a run, by what it has sent.
func (r *Runner) lookBack(ctx context.Context, inv *Invocation, res *Result) {
	switch res.Code {
	case ExitOK, ExitDelLimit, ExitPartial, ExitVanished:
	default:
		return
	}
	if len(res.Transferred) == 0 {
		return
	}
	q, ok := r.claimStamps()
	if !ok {
		return
	}
	answer := stampsUnasked
	var items []Item
	for _, path := range res.Transferred[:min(len(res.Transferred), maxLooked)] {
		if _, ok := witness(inv.RootFD, path); ok && len(items) < witnesses {
			items = append(items, Item{Path: path})
		}
	}
	if len(items) > 0 {
		some := *inv
		some.Items, some.Recursive, some.Compare = items, false, Quick
		found := r.look(ctx, some, q)
		answer = stampsUnclear
		if found.exact || len(found.onTime) == len(items) {
			answer = r.judgeStamps(ctx, inv, q, &found)
		}
	}
	r.settleStamps(answer)
}

// judgeStamps makes sure. The files may have changed since they were sent: they are sent again, and
// if that was in vain although they did not change from before that until after the comparison, no
// time is exact there.
func (r *Runner) judgeStamps(ctx context.Context, inv *Invocation, q Quirks, found *stampLook) stampAnswer {
	if found.exact {
		return stampsExact
	}
	if len(found.onTime) == 0 {
		return stampsUnclear
	}
	again := *inv
	again.Items, again.Recursive, again.Compare = nil, false, Quick
	again.Delete, again.DryRun, again.Sent = DeleteNo, false, nil
	before := make([]int64, len(found.onTime))
	for i, path := range found.onTime {
		before[i], _ = witness(inv.RootFD, path)
		again.Items = append(again.Items, Item{Path: path})
	}
	if _, _, err := r.follow(ctx, &again, q, r.o.steps(q, &again, false), nil); err != nil {
		return stampsUnclear
	}
	still := r.look(ctx, again, q)
	if still.exact {
		return stampsExact
	}
	for i, path := range found.onTime {
		after, ok := witness(inv.RootFD, path)
		if !ok || after != before[i] || !slices.Contains(still.onTime, path) {
			return stampsUnclear
		}
	}
	return stampsCoarse
}
