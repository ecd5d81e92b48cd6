package resolve

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sersync/sersync/engine/task"
)

func TestFileBeingWritten(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	tests := []struct {
		name   string
		open   OpenFiles
		closed bool // the writer has closed the file, but no event has said so
		after  time.Duration
		sent   bool
		again  time.Duration // after start
	}{
		{name: "a writer has it", after: time.Second, again: 1250 * time.Millisecond},
		{name: "asked less often as it ages", after: time.Minute, again: 75 * time.Second},
		{name: "not later than its wait", after: 299 * time.Second, again: 300 * time.Second},
		{name: "sent as it is after the wait", after: 300 * time.Second, sent: true},
		{name: "closed unseen", after: time.Second, closed: true, sent: true},
		{name: "always", open: OpenFiles{Always: true}, sent: true},
		{
			name: "only its close", open: OpenFiles{OnlyClose: true},
			after: time.Hour, again: time.Hour + probeMax,
		},
		{
			name: "only its close, closed unseen", open: OpenFiles{OnlyClose: true},
			after: time.Hour, closed: true, sent: true,
		},
		{name: "a clock set back", after: -time.Hour, again: -time.Hour + probeMin},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := start.Add(tt.after)
			g := newRig(t, Options{Open: tt.open, Now: func() time.Time { return now }})
			g.do("file f")
			if !tt.closed {
				f, err := os.OpenFile(filepath.Join(g.dir, "f"), os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
			}
			d := task.Debt{Path: "f", What: content | task.Writing, Since: start.UnixNano(), Seq: 1}
			plan := g.resolve(task.KindContent, d)
			if tt.sent {
				if got := show(plan); got != "file f\npaid 1" {
					t.Errorf("got:\n%s\nwant it sent", got)
				}
				return
			}
			if got, want := show(plan), "back content entry f open\npaid 0"; got != want {
				t.Fatalf("got:\n%s\nwant:\n%s", got, want)
			}
			if got := plan.Back[0].NotBefore.Sub(start); got != tt.again {
				t.Errorf("tried again after %v, want %v", got, tt.again)
			}
		})
	}
}

// Without a write that no close followed nobody is asked: one event more will come.
func TestClosedFileIsNotProbed(t *testing.T) {
	g := newRig(t, Options{})
	g.do("file f")
	f, err := os.OpenFile(filepath.Join(g.dir, "f"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var o owe
	plan := g.resolve(task.KindContent, o.debt("f", task.Entry, content))
	if got := show(plan); got != "file f\npaid 1" {
		t.Errorf("got:\n%s\nwant it sent", got)
	}
}
