package resolve

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sersync/sersync/engine/task"
)

const large = task.Large

func TestLarge(t *testing.T) {
	tests := []struct {
		name  string
		kind  task.Kind
		debts []owed
		want  string
	}{
		{
			name: "leaves the others' run", kind: task.KindContent,
			debts: []owed{{"big", task.Entry, content}, {"small", task.Entry, content}},
			want:  "file small\n back large entry big\n paid 1",
		},
		{
			name: "also where the quick check would do", kind: task.KindQuick,
			debts: []owed{{"big", task.Entry, attr}, {"small", task.Entry, attr}},
			want:  "file small\n back large entry big\n paid 1",
		},
		{
			name: "one to a run by content", kind: task.KindLarge,
			debts: []owed{{"big", task.Entry, content | large}, {"d/big", task.Entry, content | large}},
			want:  "file big\n back large entry d/big\n paid 1",
		},
		{
			name: "several to a run by the quick check", kind: task.KindLarge,
			debts: []owed{{"big", task.Entry, attr | large}, {"d/big", task.Entry, attr | large}},
			want:  "file big\n file d/big\n paid 2",
		},
		{
			name: "small again", kind: task.KindLarge,
			debts: []owed{{"small", task.Entry, content | large}, {"gone", task.Entry, content | large}},
			want:  "back content entry gone\n back content entry small\n paid 0",
		},
		{
			name: "a listing does not carry it", kind: task.KindQuick,
			debts: []owed{{"d", task.Listing, 0}},
			want:  "level d\n back large entry d/big\n paid 1",
		},
		{
			name: "nor does a subtree", kind: task.KindTree,
			debts: []owed{{"", task.Subtree, 0}},
			want:  "tree .\n back large entry big\n back large entry d/big\n paid 1",
		},
		{
			name: "a directory too full of changes is compared by checksum", kind: task.KindLarge,
			debts: []owed{{"d", task.Listing, content | large}},
			want:  "level d\n paid 1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, Options{LargeFile: 100})
			g.do("file big 101; file small 100; file d/big 200; file d/small")
			var o owe
			var debts []task.Debt
			for _, d := range tt.debts {
				debts = append(debts, o.debt(d.path, d.scope, d.what))
			}
			plan := g.resolve(tt.kind, debts...)
			if got, want := show(plan), lines(tt.want); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			byListing := tt.kind == task.KindTree || tt.kind == task.KindQuick && plan.Items[0].Level
			if skips := plan.MaxSize == 100; skips != byListing {
				t.Errorf("MaxSize is %d", plan.MaxSize)
			}
			if tt.kind == task.KindLarge && len(plan.Paid) > 0 {
				quick := tt.debts[0].what&content == 0
				if plan.Quick != quick || plan.Class != task.ClassBulk {
					t.Errorf("Quick is %v, class %v", plan.Quick, plan.Class)
				}
			}
		})
	}
}

// A listing with content in a directory with more changed files than a run may have.
func TestTooManyChangedFiles(t *testing.T) {
	g := newRig(t, Options{MaxFiles: 5})
	for i := range 6 {
		g.do(fmt.Sprintf("file d/%d", i))
	}
	var o owe
	plan := g.resolve(task.KindQuick, o.debt("d", task.Listing, content))
	if got, want := show(plan), "level d\nback large listing d\npaid 1"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// Only what changed since, less the margin for stores through mappings, is owed its content.
func TestContentOfOldFilesIsNotOwed(t *testing.T) {
	g := newRig(t, Options{Margin: time.Minute})
	g.do("file d/f")
	d := task.Debt{Path: "d", Scope: task.Listing, What: content, Seq: 1}
	for since, want := range map[time.Duration]string{
		50 * time.Second: "level d\nback content entry d/f\npaid 1",
		70 * time.Second: "level d\npaid 1",
	} {
		d.Since = time.Now().Add(since).UnixNano()
		if got := show(g.resolve(task.KindQuick, d)); got != want {
			t.Errorf("file changed %v before: got\n%s\nwant\n%s", since, got, want)
		}
	}
}

// A content debt does not follow when its directory is renamed, and is older than the rename.
func TestContentOfAMovedDirectory(t *testing.T) {
	since := time.Now().Add(time.Hour)
	oldest := time.Now().UnixNano()
	g := newRig(t, Options{Owed: func() int64 { return oldest }})
	g.do("file d/f; mv d e")
	d := task.Debt{Path: "e", Scope: task.Subtree, What: content, Since: since.UnixNano(), Seq: 1}
	if got, want := show(g.resolve(task.KindTree, d)), "tree e\ncarried e/f\npaid 1"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	oldest = 0
	if got, want := show(g.resolve(task.KindTree, d)), "tree e\npaid 1"; got != want {
		t.Errorf("nothing else owed: got:\n%s\nwant:\n%s", got, want)
	}
}

func TestBounds(t *testing.T) {
	var files strings.Builder
	for i := range 10 {
		fmt.Fprintf(&files, "file f%d 1000;", i)
	}
	tests := []struct {
		name string
		o    Options
		want int // of ten files
	}{
		{"files", Options{MaxFiles: 3}, 3},
		{"bytes", Options{MaxBytes: 2500}, 3},
		{"one at least", Options{MaxBytes: 1}, 1},
		{"a slow target gets more than one", Options{Rate: func() (float64, float64) { return 1, 1 }}, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, tt.o)
			g.do(files.String())
			var o owe
			var debts []task.Debt
			for i := range 10 {
				debts = append(debts, o.debt(fmt.Sprintf("f%d", i), task.Entry, content))
			}
			plan := g.resolve(task.KindContent, debts...)
			if len(plan.Items) != tt.want || len(plan.Back) != 10-tt.want {
				t.Errorf("%d listed, %d back, want %d listed", len(plan.Items), len(plan.Back), tt.want)
			}
		})
	}
}

func TestLimitsFollowTheRate(t *testing.T) {
	tests := []struct {
		kind         task.Kind
		files, bytes float64
		wantFiles    int
		wantBytes    int64
	}{
		{task.KindTree, 0, 0, assumedFiles / 2, assumedBytes / 2},
		{task.KindTree, 10_000, 40e6, 5_000, 20e6},
		{task.KindContent, 10_000, 40e6, 20_000, 80e6},
		{task.KindTree, 1, 1, minFiles, minBytes},
		{task.KindTree, 1e300, 1e300, 50_000, 1e9},
	}
	for _, tt := range tests {
		o := Options{Rate: func() (float64, float64) { return tt.files, tt.bytes }}.withDefaults()
		if f, b := o.limits(tt.kind); f != tt.wantFiles || b != tt.wantBytes {
			t.Errorf("%g files/s, %g bytes/s: %d files, %d bytes; want %d, %d",
				tt.files, tt.bytes, f, b, tt.wantFiles, tt.wantBytes)
		}
	}
}

// Names that sort early and never rest do not keep the others waiting.
func TestNothingStarves(t *testing.T) {
	g := newRig(t, Options{MaxFiles: 4})
	var o owe
	var debts []task.Debt
	for c := 'a'; c <= 'j'; c++ {
		g.do("file " + string(c))
		debts = append(debts, o.debt(string(c), task.Entry, content))
	}
	// All are dirty again at every run.
	sent := make(map[string]int)
	for range 5 {
		for _, it := range g.resolve(task.KindContent, slices.Clone(debts)...).Items {
			sent[it.Path]++
		}
	}
	for _, d := range debts {
		if sent[d.Path] != 2 {
			t.Errorf("%s was sent %d times in 5 runs of 4, want 2", d.Path, sent[d.Path])
		}
	}
}
