package deliver

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sersync/sersync/engine/task"
)

// change is one thing that happened at the source in the model below.
type change struct {
	path      string
	content   bool
	since     int64
	delivered bool
}

// flight is a batch that was taken; plan is nil until it was admitted, and seen is how many changes
// had happened when it was.
type flight struct {
	b    *Batch
	plan *task.Plan
	seen int
}

// queueModel drives a Queue with anything that can happen to it, and knows what was delivered.
type queueModel struct {
	q       *Queue
	now     time.Time
	seq     uint64
	changes []change
	flights []*flight
}

var (
	modelDirs  = []string{"", "d", "d/e", "d/e/g", "h"}
	modelFiles = []string{"x", "y", "z"}
)

func (m *queueModel) tick() time.Time {
	m.now = m.now.Add(time.Millisecond)
	return m.now
}

func (m *queueModel) debt(path string, scope task.Scope, what task.What) task.Debt {
	m.seq++
	return task.Debt{Path: path, Scope: scope, What: what, Since: m.tick().UnixNano(), Seq: m.seq}
}

func drawPath(t *rapid.T) string {
	return join(rapid.SampledFrom(modelDirs).Draw(t, "dir"), rapid.SampledFrom(modelFiles).Draw(t, "file"))
}

func (m *queueModel) add(t *rapid.T) {
	var debts []task.Debt
	for range rapid.IntRange(1, 4).Draw(t, "debts") {
		var d task.Debt
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			d = m.debt(rapid.SampledFrom(modelDirs).Draw(t, "tree"), task.Subtree, task.Attr)
		case 1:
			d = m.debt(rapid.SampledFrom(modelDirs).Draw(t, "list"), task.Listing, task.Attr)
		case 2:
			d = m.debt(drawPath(t), task.Entry, task.Attr|task.Left)
			m.changes = append(m.changes, change{path: d.Path, since: d.Since})
		default:
			d = m.debt(drawPath(t), task.Entry, task.Content)
			m.changes = append(m.changes, change{path: d.Path, content: true, since: d.Since})
		}
		d.Origin = rapid.SampledFrom([]task.Origin{task.Live, task.Asked, task.Recovery}).Draw(t, "origin")
		d.Class = rapid.SampledFrom([]task.Class{task.ClassLive, task.ClassBulk}).Draw(t, "class")
		debts = append(debts, d)
	}
	m.q.Add(m.now, debts)
}

func (m *queueModel) take(t *rapid.T) {
	b := m.q.Take(m.tick(), Want{
		Idle: 1, Bulk: rapid.Bool().Draw(t, "bulk"), BulkFirst: rapid.Bool().Draw(t, "first"),
		Max: rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "max"),
	})
	if b != nil {
		m.flights = append(m.flights, &flight{b: b})
	}
}

// admit resolves one of the batches that were taken.
func (m *queueModel) admit(t *rapid.T) {
	for i, f := range m.flights {
		if f.plan != nil {
			continue
		}
		f.plan, f.seen = m.plan(t, f.b), len(m.changes)
		if !m.q.Admit(m.tick(), f.b, f.plan) {
			m.flights = append(m.flights[:i], m.flights[i+1:]...)
		}
		return
	}
}

func (m *queueModel) plan(t *rapid.T, b *Batch) *task.Plan {
	p := &task.Plan{Kind: b.Kind}
	for _, d := range b.Debts {
		if d.Scope != task.Entry && d.What&task.Content != 0 {
			m.lookBelow(p, d)
		}
		fate := rapid.IntRange(0, 9).Draw(t, "resolved")
		switch {
		case fate == 0 && d.Scope == task.Subtree:
			m.split(p, d)
			continue
		case fate == 1:
			reason := rapid.SampledFrom([]task.Reason{task.Ready, task.Open, task.Paused}).Draw(t, "reason")
			p.Back = append(p.Back, task.Waiting{Debt: d, Reason: reason, NotBefore: m.now.Add(time.Second)})
			continue
		case fate == 2 && d.Scope == task.Entry && d.What&task.Content != 0:
			d.What |= task.Large
			p.Back = append(p.Back, task.Waiting{Debt: d})
			continue
		case fate == 3: // neither paid nor back: covered by another
		default:
			p.Paid = append(p.Paid, d)
		}
		p.Items = append(p.Items, task.Item{Path: d.Path, Dir: d.Scope != task.Entry, Level: d.Scope == task.Listing})
	}
	return p
}

// lookBelow owes by content the files that changed since, as resolve does for what was collapsed.
func (m *queueModel) lookBelow(p *task.Plan, d task.Debt) {
	for _, c := range m.changes {
		dir, _ := parentOf(c.path)
		if c.content && c.since >= d.Since && within(c.path, d.Path) && (d.Scope == task.Subtree || dir == d.Path) {
			back := task.Debt{Path: c.path, What: task.Content, Class: d.Class, Origin: d.Origin, Since: d.Since, Seq: d.Seq}
			p.Back = append(p.Back, task.Waiting{Debt: back})
		}
	}
}

func (m *queueModel) split(p *task.Plan, d task.Debt) {
	d.What &^= task.Content
	for _, dir := range modelDirs {
		if up, ok := parentOf(dir); ok && up == d.Path {
			child := d
			child.Path = dir
			p.Back = append(p.Back, task.Waiting{Debt: child})
		}
	}
	d.Scope = task.Listing
	p.Back = append(p.Back, task.Waiting{Debt: d})
}

// end settles one batch: it succeeds, fails, or some of its debts do.
func (m *queueModel) end(t *rapid.T) {
	if len(m.flights) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.flights)-1).Draw(t, "flight")
	f := m.flights[i]
	m.flights = append(m.flights[:i], m.flights[i+1:]...)
	m.tick()
	s := settlement{}
	outcome := rapid.IntRange(0, 5).Draw(t, "outcome")
	s.full = outcome <= 1 && rapid.Bool().Draw(t, "full")
	switch {
	case f.plan == nil || outcome == 0:
		s.judge = func(*entry) bool { return false }
		if outcome == 0 {
			s.doubt = m.now.Add(10 * time.Millisecond)
		}
	case outcome == 1:
		s.judge = func(e *entry) bool { return m.judge(t, f, e) }
	default:
		for _, d := range f.plan.Paid {
			m.deliver(f, d)
		}
		for _, e := range f.b.taken {
			m.deliver(f, e.Debt)
		}
		s.transferred = m.send(t, f)
	}
	m.q.settle(m.now, f.b, s)
}

func (m *queueModel) judge(t *rapid.T, f *flight, e *entry) bool {
	switch rapid.IntRange(0, 3).Draw(t, "fate") {
	case 0:
		e.stuck(m.now, "failed", time.Second)
	case 1:
		e.reason = task.Held
		m.deliverContent(f, e.Debt)
		if e.Scope == task.Entry {
			e.What = e.What&^task.Content | task.Attr
		}
	case 2:
		e.split = 1
	default:
		m.deliver(f, e.Debt)
		return true
	}
	return false
}

// deliver notes what a run that pays d brings to the target.
func (m *queueModel) deliver(f *flight, d task.Debt) {
	m.deliverContent(f, d)
	for i := range m.changes[:f.seen] {
		c := &m.changes[i]
		dir, _ := parentOf(c.path)
		if !c.content && (c.path == d.Path || d.Scope == task.Listing && dir == d.Path ||
			d.Scope == task.Subtree && within(c.path, d.Path)) {
			c.delivered = true
		}
	}
}

func (m *queueModel) deliverContent(f *flight, d task.Debt) {
	for i := range m.changes[:f.seen] {
		if c := &m.changes[i]; c.content && d.Scope == task.Entry && d.What&task.Content != 0 && c.path == d.Path {
			c.delivered = true
		}
	}
}

// send picks files below the run's directories that its quick check finds to differ.
func (m *queueModel) send(t *rapid.T, f *flight) []string {
	var sent []string
	for _, item := range f.plan.Items {
		if !item.Dir {
			continue
		}
		for i := range m.changes[:f.seen] {
			c := &m.changes[i]
			if c.content && within(c.path, item.Path) && !item.Level && rapid.IntRange(0, 3).Draw(t, "sent") == 0 {
				for j := range m.changes[:f.seen] {
					if m.changes[j].path == c.path {
						m.changes[j].delivered = true
					}
				}
				sent = append(sent, c.path)
			}
		}
	}
	return sent
}

// check is the promise of the queue: what was not delivered is owed.
func (m *queueModel) check(t *rapid.T) {
	if err := consistent(m.q); err != nil {
		t.Fatal(err)
	}
	debts := m.q.Unpaid(1 << 62)
	if n := m.q.Len(); n != len(debts) {
		t.Fatalf("Len %d, but %d debts", n, len(debts))
	}
	for _, c := range m.changes {
		if !c.delivered && !owed(debts, c) {
			t.Fatalf("lost: %+v\nowed: %+v", c, debts)
		}
	}
}

func owed(debts []task.Debt, c change) bool {
	dir, _ := parentOf(c.path)
	for _, d := range debts {
		reaches := d.Path == c.path && d.Scope == task.Entry || d.Scope == task.Subtree && within(c.path, d.Path) ||
			d.Scope == task.Listing && dir == d.Path
		if reaches && (!c.content || d.What&task.Content != 0 && d.Since <= c.since) {
			return true
		}
	}
	return false
}

// consistent compares what a queue counts with what it holds.
func consistent(q *Queue) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	var reasons [task.Doubtful + 1]int
	passes, held, full, stand := 0, 0, 0, 0
	for scope, debts := range q.debts {
		for path, e := range debts {
			if e.Path != path || int(e.Scope) != scope || e.on == nil {
				return fmt.Errorf("entry %+v known as %v %q", e, scope, path)
			}
			reasons[e.reason]++
			if e.full {
				full++
			}
			if e.pass {
				passes++
				if e.reason == task.Held {
					held++
				}
			}
		}
		stand += len(debts)
	}
	n, taken := 0, 0
	q.each(func(*entry) { n++ })
	for _, b := range q.running {
		taken += len(b.taken)
		for _, e := range b.taken {
			if e.pass {
				passes++
			}
			if e.full {
				full++
			}
		}
	}
	switch {
	case full != q.count.full:
		return fmt.Errorf("counts %d full, has %d", q.count.full, full)
	case n != stand+taken:
		return fmt.Errorf("%d entries on shelves and in batches, %d known", n, stand+taken)
	case taken != q.count.taken:
		return fmt.Errorf("counts %d taken, has %d", q.count.taken, taken)
	case reasons != q.count.reason:
		return fmt.Errorf("counts reasons %v, has %v", q.count.reason, reasons)
	case passes != q.count.passes || held != q.count.passHeld:
		return fmt.Errorf("counts passes %d, held %d, has %d and %d", q.count.passes, q.count.passHeld, passes, held)
	}
	return nil
}

// Whatever sequence of additions, runs, failures and refusals happens, every change that no run has
// delivered is covered by a debt, and in the end all of them are delivered.
func TestQueueLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ceiling := rapid.SampledFrom([]int{0, 4, 12}).Draw(t, "ceiling")
		m := &queueModel{q: NewQueue(ceiling), now: time.Unix(1_800_000_000, 0)}
		t.Repeat(map[string]func(*rapid.T){
			"add":     m.add,
			"add too": m.add,
			"take":    m.take,
			"admit":   m.admit,
			"end":     m.end,
			"wait":    func(*rapid.T) { m.now = m.now.Add(2 * time.Second) },
			"confirm": func(*rapid.T) { m.q.release(true) },
			"resume":  func(*rapid.T) { m.q.resume() },
			"":        m.check,
		})
		m.payAll(t)
	})
}

func (m *queueModel) payAll(t *rapid.T) {
	for _, f := range m.flights {
		m.q.settle(m.tick(), f.b, settlement{judge: func(*entry) bool { return false }})
	}
	for range 1000 {
		m.now = m.now.Add(time.Hour)
		m.q.release(true)
		b := m.q.Take(m.now, Want{Idle: 1, Bulk: true})
		if b == nil {
			break
		}
		f := &flight{b: b, plan: &task.Plan{Kind: b.Kind, Paid: b.Debts}, seen: len(m.changes)}
		for _, d := range b.Debts {
			if d.Scope != task.Entry && d.What&task.Content != 0 {
				m.lookBelow(f.plan, d)
			}
			f.plan.Items = append(f.plan.Items, task.Item{Path: d.Path, Dir: d.Scope != task.Entry, Level: d.Scope == task.Listing})
		}
		if !m.q.Admit(m.now, b, f.plan) {
			t.Fatal("refused with no other run under way")
		}
		for _, d := range b.Debts {
			m.deliver(f, d)
		}
		m.q.settle(m.now, b, settlement{})
	}
	m.check(t)
	if n := m.q.Len(); n != 0 {
		t.Fatalf("%d debts are never taken: %+v", n, m.q.Unpaid(1<<62))
	}
	for _, c := range m.changes {
		if !c.delivered {
			t.Fatalf("never delivered: %+v", c)
		}
	}
}
