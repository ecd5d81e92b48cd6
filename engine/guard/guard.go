package guard

import (
	"math"
	"sync"
	"time"

	"github.com/sersync/sersync/engine/task"
)

// Options configure a Guard. The zero value is mode Auto with the default limit, before first
// contact.
type Options struct {
	Mode Mode
	// MaxDelete bounds the deletions of an hour.
	MaxDelete Limit
	// Force is a person's word (--delete, -r of an XML setup) that names which only the target has
	// may go: first contact holds nothing back.
	Force bool
	// Contact is what the journal remembers.
	Contact Contact
	// Known is how many names the last full pass counted; 0 if there was none.
	Known int64
}

// Guard holds the delete mode, the first contact and the spent budget of one target.
type Guard struct {
	mu       sync.Mutex
	mode     Mode
	limit    Limit
	contact  Contact
	known    int64
	spent    window
	reserved int64
}

// New returns the guard of one target.
func New(o Options) *Guard {
	g := &Guard{mode: o.Mode, limit: o.MaxDelete, contact: o.Contact, known: o.Known}
	if o.Force {
		g.confirm()
	}
	return g
}

// Budget returns what a run like q may delete, and keeps that part of the limit for it. Every
// Budget MUST be given back to Spent.
func (g *Guard) Budget(q Question, now time.Time) Budget {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.mode == Never:
		return Budget{}
	case q.Confirmed:
		return Budget{Delete: true, Max: -1}
	case !g.covers(q):
		return Budget{Delete: true}
	}
	room := g.room(q, now)
	if room < 0 {
		return Budget{Delete: true, Max: -1}
	}
	// What a pass will delete nobody knows before; half of what is left lets other runs go on
	// beside it, and a pass that needed more asks again (Room).
	want := (room + 1) / 2
	if q.exact() {
		want = min(room, int64(q.Deletes))
	}
	g.reserved += want
	return Budget{Delete: true, Max: int(min(want, math.MaxInt32)), reserved: want, counted: true}
}

// Room reports whether a run like q would be given a budget above 0 now. A run that used up its
// budget is worth another one while there is room.
func (g *Guard) Room(q Question, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mode != Never && (q.Confirmed || g.covers(q) && g.room(q, now) != 0)
}

// Spent gives b back after its run, which deleted n names.
func (g *Guard) Spent(b Budget, n int, now time.Time) {
	if !b.counted {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reserved -= b.reserved
	g.spent.add(int64(n), now)
}

// PassEnded tells that a full pass has ended. Clean says that every run of it succeeded and left
// nothing that only the target has.
func (g *Guard) PassEnded(clean bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case clean && g.mode != Never:
		g.contact = Clean
	case !clean && g.contact == Unknown:
		g.contact = Extra
	}
}

// Confirm is a person's word that names which only the target has may go.
func (g *Guard) Confirm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.confirm()
}

func (g *Guard) confirm() {
	if g.contact != Clean {
		g.contact = Confirmed
	}
}

// Contact returns what is known about names that only the target has.
func (g *Guard) Contact() Contact {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.contact
}

// SetContact overrides what is known; Unknown begins a first contact, for instance after the root
// was replaced.
func (g *Guard) SetContact(c Contact) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.contact = c
}

// Mode returns the mode as it was set.
func (g *Guard) Mode() Mode {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mode
}

// SetMode changes mode and limit. A target whose mode was Never may hold what has left the source
// since, so it counts as never compared.
func (g *Guard) SetMode(m Mode, l Limit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mode == Never && m != Never {
		g.contact = Unknown
	}
	g.mode, g.limit = m, l
}

// SetKnown tells how many names the last full pass counted.
func (g *Guard) SetKnown(names int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known = names
}

// Extras reports whether a listing of a directory may delete whatever its source lacks, whoever
// found out. Only then may many missing names be folded into one listing.
func (g *Guard) Extras() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.covers(Question{Origin: task.Recovery, Pass: true})
}

// covers says whether mode and contact let a run like q delete at all.
func (g *Guard) covers(q Question) bool {
	mode := g.mode.under(g.contact)
	switch {
	case mode == Never:
		return false
	case q.Origin == task.Live && (!q.Pass || q.Seen):
		return true
	case !g.contact.passesMayDelete():
		return false
	case q.Origin == task.Recovery:
		return mode == Always
	}
	return mode >= Full
}

// room returns how many more names may go within the limit, or -1 if nothing bounds q.
func (g *Guard) room(q Question, now time.Time) int64 {
	limit := g.limit.names(g.known)
	if limit < 0 || q.Origin == task.Live && !g.limit.explicit() {
		return -1
	}
	return max(limit-g.spent.sum(now)-g.reserved, 0)
}
