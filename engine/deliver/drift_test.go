package deliver

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

// A target whose directory was away may be another, or empty, when it is back: all of it is
// compared, once, and nothing that only it has is deleted before that.
func TestATargetWhoseDirectoryWasMissingIsComparedAsAWhole(t *testing.T) {
	for _, contact := range []guard.Contact{guard.Clean, guard.Confirmed} {
		t.Run(contact.String(), func(t *testing.T) {
			g := guard.New(guard.Options{Contact: contact})
			back := until(time.Hour, failure(ClassMissing))
			a := func(ctx context.Context, n int, p *task.Plan, b guard.Budget) (Result, error) {
				if res, err := back(ctx, n, p, b); err != nil {
					return res, err
				}
				if p.Kind == task.KindTree && contact == guard.Clean && b.Max != 0 {
					t.Errorf("the pass may delete %d names of who knows whom", b.Max)
				}
				return Result{}, nil
			}
			bubble(t, Options{Guard: g, Workers: 2}, a, func(r *rig) {
				r.content("a")
				r.sleep(30 * time.Minute)
				unpaid := r.Queue().Unpaid(time.Now().UnixNano())
				if len(unpaid) != 2 || unpaid[0].Scope+unpaid[1].Scope != task.Subtree {
					t.Errorf("owed while it is missing: %+v", unpaid)
				}
				r.paid()
				passes := 0
				for _, run := range r.seen() {
					if run.at > time.Hour && run.plan.Kind == task.KindTree && run.paths == "" && run.plan.Origin == task.Recovery {
						passes++
					}
				}
				if passes != 1 || r.log.count("all of it is compared") != 1 {
					t.Errorf("%d full passes after it was back", passes)
				}
				if c := g.Contact(); c != guard.Clean {
					t.Errorf("contact %v after the pass", c)
				}
				r.quiet()
			})
		})
	}
}

// A run that has to make a directory above what it sends, although nothing says that this is new,
// shows that the target has lost it.
func TestALostDirectoryIsSentAgain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		owed  []task.Debt // besides the file
		made  []string
		again string
	}{
		{"lost", nil, []string{"a", "a/b"}, "a"},
		{"two", nil, []string{"a/b", "c", "c/d/e"}, "a/b c"},
		{"none", nil, nil, ""},
		{"new", []task.Debt{{Path: "a", Scope: task.Subtree}}, []string{"a", "a/b"}, ""},
		{"new by itself", []task.Debt{{Path: "a"}}, []string{"a"}, ""},
		{"in a listing", []task.Debt{{Scope: task.Listing}}, []string{"a"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := func(_ context.Context, _ int, p *task.Plan, _ guard.Budget) (Result, error) {
				if p.Items[0].Path == "a/b/f" && p.Kind == task.KindContent {
					return Result{NewParents: tt.made}, nil
				}
				return Result{}, nil
			}
			bubble(t, Options{}, a, func(r *rig) {
				debts := []task.Debt{{Path: "a/b/f", What: task.Content, Since: 1}}
				for _, d := range tt.owed {
					d.What, d.Since = task.Attr, 2
					debts = append(debts, d)
				}
				r.Add(debts)
				r.paid()
				var again []string
				for _, run := range r.seen() {
					if run.plan.Kind == task.KindTree && run.plan.Origin == task.Recovery {
						again = append(again, run.paths)
					}
				}
				if got := strings.Join(again, " "); got != tt.again {
					t.Errorf("sent again %q, want %q", got, tt.again)
				}
				if n := r.log.count("lost directories"); n != min(len(tt.again), 1) {
					t.Errorf("%d lines about it", n)
				}
				if tt.name == "new" && len(r.seen()) != 2 {
					t.Errorf("%d runs", len(r.seen()))
				}
			})
		})
	}
}

// What a failed run says that it made is what it would have made.
func TestAFailedRunSaysNothingOfLostDirectories(t *testing.T) {
	a := func(_ context.Context, n int, _ *task.Plan, _ guard.Budget) (Result, error) {
		if n == 1 {
			return Result{NewParents: []string{"a"}}, failure(ClassUnreachable)
		}
		return Result{}, nil
	}
	bubble(t, Options{}, a, func(r *rig) {
		r.content("a/f")
		r.paid()
		if s := fmt.Sprint(len(r.seen()), r.log.count("lost directories")); s != "2 0" {
			t.Errorf("runs, lines: %s", s)
		}
	})
}
