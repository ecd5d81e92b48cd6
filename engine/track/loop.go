package track

import (
	"time"

	"github.com/sersync/sersync/engine/dirty"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern"
)

// maxBatch is the most names that one batch holds; what is beyond waits for the next.
const maxBatch = 1 << 16

// ask is the dispatcher's wish for a batch.
type ask struct {
	debts [][]task.Debt
	done  chan struct{}
}

// Next waits until a batch is due and returns its debts by tree number. After the Source was
// closed it returns at once what is dirty, and ErrEnded when nothing is. One caller at a time.
func (t *Tracker) Next() ([][]task.Debt, error) {
	a := &ask{done: make(chan struct{})}
	select {
	case t.asks <- a:
	case <-t.ended:
		return nil, ErrEnded
	}
	select {
	case <-a.done:
		return a.debts, nil
	case <-t.ended:
		select {
		case <-a.done:
			return a.debts, nil
		default:
			return nil, ErrEnded
		}
	}
}

// track is the tracker goroutine. It ends when the reader has ended and all was handed out.
func (t *Tracker) track() {
	defer close(t.ended)
	// Armed only while something is dirty and someone waits for it: at idle no timer fires.
	due := time.NewTimer(time.Hour)
	due.Stop()
	// Armed only while directories that left the trees are still under watch.
	reap := time.NewTimer(time.Hour)
	reap.Stop()
	filled := t.filled
	for {
		t.answer(due, filled == nil)
		if filled == nil && t.waiting != nil && !t.dirty() {
			return
		}
		in := filled
		if t.set.Full() {
			// The ring, then the kernel's queue, hold what comes until a batch is taken.
			t.stats.refused.Add(1)
			in = nil
		}
		select {
		case b, ok := <-in:
			if ok {
				t.decode(b)
				t.reap(reap)
			} else {
				filled = nil
			}
		case a := <-t.asks:
			t.waiting = a
		case <-t.wake:
		case call := <-t.calls:
			call()
		case <-due.C:
		case <-reap.C:
			t.reapAt = 0
			t.reap(reap)
		case <-t.gone:
			t.drop(filled)
			return
		}
	}
}

// drop lets the reader end without waiting for us.
func (t *Tracker) drop(filled <-chan *kern.Buffer) {
	if filled == nil {
		return
	}
	for b := range filled {
		t.free <- b
	}
}

// dirty reports whether there is anything to hand out.
func (t *Tracker) dirty() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.marks {
		if len(m) > 0 {
			return true
		}
	}
	return t.set.Len() > 0
}

// answer gives the waiting dispatcher a batch if one is due, or arms the timer for it.
func (t *Tracker) answer(due *time.Timer, closing bool) {
	if t.waiting == nil || !t.dirty() {
		due.Stop()
		return
	}
	now := time.Now().UnixNano()
	at, ok := t.set.Due()
	if ok && at > now && !closing && !t.marked() {
		due.Reset(time.Duration(at - now))
		return
	}
	due.Stop()
	t.set.Take(&t.reuse, now, maxBatch)
	t.waiting.debts = t.debts(&t.reuse)
	close(t.waiting.done)
	t.waiting = nil
	t.stats.batches.Add(1)
}

func (t *Tracker) marked() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.marks {
		if len(m) > 0 {
			return true
		}
	}
	return false
}

// debts turns names into paths. What was marked by hand comes first.
func (t *Tracker) debts(b *dirty.Batch) [][]task.Debt {
	out := make([][]task.Debt, len(t.opts.Trees))
	t.mu.Lock()
	copy(out, t.marks)
	clear(t.marks)
	t.mu.Unlock()
	for i := range out {
		for j := range out[i] {
			out[i][j].Seq = t.set.Tick()
		}
	}
	t.paths.build(t, b, out)
	return out
}

// reap lets the Source remove watches, when it is time.
func (t *Tracker) reap(timer *time.Timer) {
	now := time.Now().UnixNano()
	if t.reapAt > now {
		return
	}
	if t.reapAt = t.src.Reap(now); t.reapAt != 0 {
		timer.Reset(time.Duration(max(t.reapAt-now, int64(time.Millisecond))))
	}
}

func (t *Tracker) decode(b *kern.Buffer) {
	t.seq = b.Seq
	t.now = time.Now().UnixNano()
	t.src.Decode(b, t.emitFn)
	t.stats.buffers.Add(1)
	t.free <- b
}
