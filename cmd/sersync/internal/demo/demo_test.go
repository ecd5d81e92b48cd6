package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// byHand mirrors as somebody without sersync would: everything, again and again.
func byHand(ctx context.Context, task Task) error {
	for ready := false; ; {
		cmd := exec.CommandContext(ctx, "rsync", "-ac", "--delete", task.Source+"/web", task.Source+"/etc",
			task.Source+"/logs", task.Source+"/uploads", task.Destination+"/")
		// 24: a file vanished, and this is a tree in which files do.
		if err := cmd.Run(); err != nil && ctx.Err() == nil && cmd.ProcessState.ExitCode() != 24 {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		if !ready {
			ready = true
			task.Ready()
		}
	}
}

func TestRunShowsEachChange(t *testing.T) {
	var out bytes.Buffer
	err := Run(t.Context(), Options{Mirror: byHand, Out: &out, Every: time.Millisecond, For: 3 * time.Second})
	if err != nil {
		t.Fatalf("Run: %v\n%s", err, out.String())
	}
	for _, want := range []string{
		`tree     \S+/tree `,
		`replica  \S+/replica  \(behind rsync://127\.0\.0\.1:\d+/demo/\)`,
		`replica identical after \d+ ms`,
		`(?m)^ +\+\d+\.\dms  update    web/index\.html → 127\.0\.0\.1::demo$`,
		`create +uploads/photo-000\.raw`,
		`rename +uploads/photo-000\.raw => uploads/holiday-000\.raw`,
		`\d+ changes, from the write until the replica had the same: median`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("the view lacks %s:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("colours, and nobody asked for them")
	}
}

// Every kind of change can be made, and is seen in a replica that has it and in no other.
func TestChangesAreRecognised(t *testing.T) {
	dir := t.TempDir()
	tree, err := plant(dir+"/tree", dir+"/replica", 2)
	if err != nil {
		t.Fatal(err)
	}
	mirror := func() {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "rsync", "-ac", "--delete", tree.source+"/", tree.replica).CombinedOutput(); err != nil {
			t.Fatalf("rsync: %v\n%s", err, out)
		}
	}
	mirror()
	if !tree.identical() {
		t.Fatal("a copy is not seen as identical")
	}
	s := &script{tree: tree}
	for range 22 { // two rounds: names of the first must not be in the second's way
		c := s.next()
		if c.arrived() {
			t.Errorf("%s %s is seen before it was made", c.verb, c.name)
		}
		if err := c.do(); err != nil {
			t.Fatalf("%s %s: %v", c.verb, c.name, err)
		}
		if c.arrived() {
			t.Errorf("%s %s is seen before it was mirrored", c.verb, c.name)
		}
		mirror()
		if !c.arrived() {
			t.Errorf("%s %s is not seen", c.verb, c.name)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := Run(ctx, Options{Out: new(bytes.Buffer), Mirror: func(ctx context.Context, task Task) error {
		task.Ready()
		cancel()
		<-ctx.Done()
		return nil
	}})
	if err != nil {
		t.Errorf("Run after its context ended: %v", err)
	}
}

func TestRunReportsTheMirrorsError(t *testing.T) {
	broken := errors.New("no watches left")
	err := Run(t.Context(), Options{Out: new(bytes.Buffer), Mirror: func(context.Context, Task) error { return broken }})
	if !errors.Is(err, broken) {
		t.Errorf("Run = %v, want %v", err, broken)
	}
}

func TestOwnChangesAreToldFromYours(t *testing.T) {
	now := time.Now()
	o := newOwn()
	o.add([]string{"web/a", "logs"}, now)
	for path, want := range map[string]bool{
		"web/a": true, "web": true, "web/a/b": true, "logs/x": true,
		"web/ab": false, "notes.txt": false,
	} {
		if got := o.has(path, now); got != want {
			t.Errorf("has(%q) = %v, want %v", path, got, want)
		}
	}
	if o.has("web/a", now.Add(ownFor+time.Second)) {
		t.Error("a change of long ago is still the demo's own")
	}
}

func TestWhatIsLookedAtAgainIsNotYours(t *testing.T) {
	s := &show{tree: &tree{source: t.TempDir()}, own: newOwn()}
	if err := s.tree.write("notes.txt", nil); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if err := os.Chtimes(s.tree.source+"/notes.txt", now, now.Add(-time.Hour)); err != nil { // as cp -p leaves it
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path string
		at   time.Time
		want bool
	}{
		{"notes.txt", now.Add(2 * time.Second), true},
		{"notes.txt", now.Add(time.Minute), false},
		{"removed.txt", now, true},
		{"", now, false},
	} {
		if _, yes := s.yours(tc.path, tc.at); yes != tc.want {
			t.Errorf("%q sent %v after it was changed: yours = %v", tc.path, tc.at.Sub(now), yes)
		}
	}
}
