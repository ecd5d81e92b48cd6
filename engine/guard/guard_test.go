package guard

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sersync/sersync/engine/task"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// The table says, for each mode and contact, which of these four findings may delete:
// l: a name seen leaving; s: a directory that came back after it was seen leaving;
// p: a directory that appeared, nobody saw one leave; a: an asked pass; r: a recovery.
func TestWhoMayDelete(t *testing.T) {
	findings := []struct {
		letter string
		q      Question
	}{
		{"l", Question{Origin: task.Live, Deletes: 1}},
		{"s", Question{Origin: task.Live, Pass: true, Seen: true}},
		{"p", Question{Origin: task.Live, Pass: true}},
		{"a", Question{Origin: task.Asked, Pass: true}},
		{"r", Question{Origin: task.Recovery, Pass: true}},
	}
	want := map[Mode]map[Contact]string{
		Never:  {Unknown: "", Extra: "", Confirmed: "", Clean: ""},
		Live:   {Unknown: "ls", Extra: "ls", Confirmed: "ls", Clean: "ls"},
		Full:   {Unknown: "ls", Extra: "ls", Confirmed: "lspa", Clean: "lspa"},
		Always: {Unknown: "ls", Extra: "ls", Confirmed: "lspar", Clean: "lspar"},
		Auto:   {Unknown: "ls", Extra: "ls", Confirmed: "lspa", Clean: "lspar"},
	}
	for mode, byContact := range want {
		for contact, letters := range byContact {
			t.Run(fmt.Sprintf("%v/%v", mode, contact), func(t *testing.T) {
				got := ""
				for _, f := range findings {
					g := New(Options{Mode: mode, Contact: contact})
					b := g.Budget(f.q, start)
					if b.Max != 0 {
						got += f.letter
					}
					if b.Delete != (mode != Never) {
						t.Errorf("finding %s: delete options %v", f.letter, b.Delete)
					}
					if room := g.Room(f.q, start); room != (b.Max != 0) {
						t.Errorf("finding %s: budget %d, but room %v", f.letter, b.Max, room)
					}
				}
				if got != letters {
					t.Errorf("may delete %q, want %q", got, letters)
				}
			})
		}
	}
}

func TestFirstContact(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		do   func(*Guard)
		want Contact
	}{
		{"nothing known", Options{}, func(*Guard) {}, Unknown},
		{"a pass left nothing", Options{}, func(g *Guard) { g.PassEnded(true) }, Clean},
		{"a pass left names", Options{}, func(g *Guard) { g.PassEnded(false) }, Extra},
		{"names left, then confirmed", Options{}, func(g *Guard) { g.PassEnded(false); g.Confirm() }, Confirmed},
		{"confirmed names are gone", Options{Contact: Confirmed}, func(g *Guard) { g.PassEnded(true) }, Clean},
		{"forced from the start", Options{Force: true}, func(*Guard) {}, Confirmed},
		{"forced, known to be clean", Options{Force: true, Contact: Clean}, func(*Guard) {}, Clean},
		{"clean stays clean when a budget stops a pass", Options{Contact: Clean}, func(g *Guard) { g.PassEnded(false) }, Clean},
		{"never counts nothing", Options{Mode: Never}, func(g *Guard) { g.PassEnded(true) }, Unknown},
		{"never, then auto", Options{Mode: Never, Contact: Clean}, func(g *Guard) { g.SetMode(Auto, Limit{}) }, Unknown},
		{"the root was replaced", Options{Contact: Clean}, func(g *Guard) { g.SetContact(Unknown) }, Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := New(tt.o)
			tt.do(g)
			if got := g.Contact(); got != tt.want {
				t.Errorf("contact %v, want %v", got, tt.want)
			}
		})
	}
}

func TestFoldingIntoListingsNeedsAlways(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want bool
	}{
		{Options{}, false},
		{Options{Contact: Clean}, true},
		{Options{Contact: Confirmed}, false},
		{Options{Mode: Always}, false},
		{Options{Mode: Always, Contact: Confirmed}, true},
		{Options{Mode: Full, Contact: Clean}, false},
		{Options{Mode: Never, Contact: Clean}, false},
	} {
		if got := New(tt.o).Extras(); got != tt.want {
			t.Errorf("Extras with %+v = %v, want %v", tt.o, got, tt.want)
		}
	}
}

func TestBudgetOfAnHour(t *testing.T) {
	pass := Question{Origin: task.Recovery, Pass: true}
	live := Question{Origin: task.Live, Deletes: 30}
	g := New(Options{Contact: Clean, Known: 10_000}) // the limit is 1,000
	b := g.Budget(pass, start)
	if b.Max != 500 {
		t.Fatalf("first pass may delete %d, want half of 1,000", b.Max)
	}
	beside := g.Budget(pass, start)
	if beside.Max != 250 {
		t.Errorf("a second pass beside it may delete %d, want 250", beside.Max)
	}
	if lb := g.Budget(live, start); lb.Max != -1 {
		t.Errorf("live deletions bounded to %d by the default limit", lb.Max)
	}
	g.Spent(b, 500, start)
	g.Spent(beside, 0, start)
	for spent := 500; spent < 1000; {
		b := g.Budget(pass, start.Add(time.Minute))
		if b.Max <= 0 {
			t.Fatalf("nothing more after %d of 1,000", spent)
		}
		g.Spent(b, b.Max, start.Add(time.Minute))
		spent += b.Max
	}
	if g.Room(pass, start.Add(30*time.Minute)) {
		t.Error("room although the hour's budget is spent")
	}
	if b := g.Budget(pass, start.Add(30*time.Minute)); b.Max != 0 || !b.Delete {
		t.Errorf("spent budget: %+v, want delete options with 0", b)
	}
	if b := g.Budget(Question{Origin: task.Recovery, Pass: true, Confirmed: true}, start); b.Max != -1 {
		t.Errorf("confirmed deletions bounded to %d", b.Max)
	}
	if !g.Room(pass, start.Add(2*time.Hour)) {
		t.Error("no room two hours later")
	}
}

func TestExplicitLimitCountsLive(t *testing.T) {
	g := New(Options{Mode: Live, MaxDelete: Limit{Names: 5}})
	b := g.Budget(Question{Origin: task.Live, Deletes: 3}, start)
	if b.Max != 3 {
		t.Fatalf("budget %d, want 3", b.Max)
	}
	g.Spent(b, 3, start)
	if b = g.Budget(Question{Origin: task.Live, Deletes: 3}, start); b.Max != 2 {
		t.Errorf("budget %d after 3 of 5, want 2", b.Max)
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Limit
		ok   bool
	}{
		{"5000", Limit{Names: 5000}, true},
		{"10%", Limit{Share: 0.1}, true},
		{"none", Limit{Names: -1}, true},
		{"0", Limit{}, false},
		{"-3", Limit{}, false},
		{"0%", Limit{}, false},
		{"NaN%", Limit{}, false},
		{"200%", Limit{}, false},
		{"", Limit{}, false},
	} {
		got, err := ParseLimit(tt.in)
		if diff := cmp.Diff(tt.want, got); diff != "" || (err == nil) != tt.ok {
			t.Errorf("ParseLimit(%q): error %v, (-want +got)\n%s", tt.in, err, diff)
		}
	}
	for m := Auto; m <= Always; m++ {
		if got, err := ParseMode(m.String()); got != m || err != nil {
			t.Errorf("ParseMode(%q) = %v, %v", m, got, err)
		}
	}
	if _, err := ParseMode("sometimes"); err == nil {
		t.Error("ParseMode took nonsense")
	}
	for c := Unknown; c <= Clean; c++ {
		if got := ParseContact(c.String()); got != c {
			t.Errorf("ParseContact(%q) = %v", c, got)
		}
	}
}

func TestLimitNames(t *testing.T) {
	for _, tt := range []struct {
		l     Limit
		known int64
		want  int64
	}{
		{Limit{}, 0, 100},
		{Limit{}, 500, 100},
		{Limit{}, 1_000_001, 100_001},
		{Limit{Share: 0.5}, 1000, 500},
		{Limit{Names: 7}, 1_000_000, 7},
		{Limit{Names: -1}, 1_000_000, -1},
	} {
		if got := tt.l.names(tt.known); got != tt.want {
			t.Errorf("%+v of %d names = %d, want %d", tt.l, tt.known, got, tt.want)
		}
	}
}

func genQuestion(t *rapid.T) Question {
	return Question{
		Origin:    rapid.SampledFrom([]task.Origin{task.Live, task.Asked, task.Recovery}).Draw(t, "origin"),
		Pass:      rapid.Bool().Draw(t, "pass"),
		Seen:      rapid.Bool().Draw(t, "seen"),
		Deletes:   rapid.IntRange(0, 300).Draw(t, "deletes"),
		Below:     rapid.Bool().Draw(t, "below"),
		Confirmed: rapid.Bool().Draw(t, "confirmed"),
	}
}

func more(b Budget) int {
	switch {
	case !b.Delete:
		return 0
	case b.Max < 0:
		return 1 << 40
	}
	return b.Max
}

// A mode or a contact never permits more than the one above it, whatever was spent before.
func TestNeverMorePermissiveThanItsSuperset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		modes := []Mode{Never, Live, Full, Auto, Always}
		contacts := []Contact{Unknown, Extra, Confirmed, Clean}
		mi := rapid.IntRange(0, len(modes)-2).Draw(t, "mode")
		ci := rapid.IntRange(0, len(contacts)-1).Draw(t, "contact")
		limit := rapid.SampledFrom([]Limit{{}, {Names: 50}, {Share: 0.2}, {Names: -1}}).Draw(t, "limit")
		low := New(Options{Mode: modes[mi], Contact: contacts[ci], MaxDelete: limit})
		high := New(Options{Mode: modes[mi+1], Contact: contacts[ci], MaxDelete: limit})
		wider := New(Options{Mode: modes[mi], Contact: contacts[min(ci+1, len(contacts)-1)], MaxDelete: limit})
		spent := rapid.Int64Range(0, 120).Draw(t, "spent")
		for _, g := range []*Guard{low, high, wider} {
			g.spent.add(spent, start)
		}
		q := genQuestion(t)
		b := more(low.Budget(q, start))
		if h := more(high.Budget(q, start)); b > h {
			t.Errorf("%v gives %d, %v only %d for %+v", modes[mi], b, modes[mi+1], h, q)
		}
		if w := more(wider.Budget(q, start)); b > w {
			t.Errorf("contact %v gives %d, the next only %d for %+v", contacts[ci], b, w, q)
		}
	})
}

// Whatever runs go on at the same time, an hour never sees more deletions than the limit.
func TestLimitHoldsForRunsAtTheSameTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, 200).Draw(t, "limit")
		g := New(Options{Mode: Always, Contact: Clean, MaxDelete: Limit{Names: limit}})
		now := start
		type deletion struct {
			at time.Time
			n  int
		}
		var under []Budget
		var log []deletion
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "minutes")) * time.Minute)
			if len(under) > 0 && rapid.Bool().Draw(t, "end one") {
				n := rapid.IntRange(0, under[0].Max).Draw(t, "deleted")
				g.Spent(under[0], n, now)
				under = under[1:]
				log = append(log, deletion{now, n})
				continue
			}
			q := genQuestion(t)
			q.Confirmed = false
			under = append(under, g.Budget(q, now))
		}
		for i, first := range log {
			sum := 0
			for _, d := range log[i:] {
				if d.at.Sub(first.at) < Window-time.Minute {
					sum += d.n
				}
			}
			if int64(sum) > limit {
				t.Fatalf("%d deletions within an hour, limit %d", sum, limit)
			}
		}
	})
}

func TestIdentity(t *testing.T) {
	pinned := Identity{Dev: 5, Ino: 42, FSType: 0xEF53, UUID: "a"}
	tests := []struct {
		name        string
		now         Identity
		run, stored Verdict
	}{
		{"the same", pinned, Same, Same},
		{"gone", Identity{}, Missing, Missing},
		{"another directory", Identity{Dev: 5, Ino: 43, FSType: 0xEF53, UUID: "a"}, Replaced, Replaced},
		{"other filesystem", Identity{Dev: 6, Ino: 42, FSType: 0xEF53, UUID: "b"}, OtherFS, OtherFS},
		{"renumbered device", Identity{Dev: 6, Ino: 42, FSType: 0xEF53, UUID: "a"}, OtherFS, Same},
		{"uuid unreadable", Identity{Dev: 5, Ino: 42, FSType: 0xEF53}, Same, Same},
		{"uuid unreadable, other type", Identity{Dev: 6, Ino: 42, FSType: 0x9123683E}, OtherFS, OtherFS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Check(tt.now, pinned); got != tt.run {
				t.Errorf("Check: %v, want %v", got, tt.run)
			}
			if got := CheckStored(tt.now, pinned); got != tt.stored {
				t.Errorf("CheckStored: %v, want %v", got, tt.stored)
			}
		})
	}
}
