package deliver

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/task"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// journal writes Outcomes as lines.
type journal struct{ lines strings.Builder }

func (j *journal) Observe(o *task.Outcome) {
	var list []string
	for _, item := range o.Plan.Items {
		name := "/" + item.Path
		switch {
		case item.Level:
			name += "/"
		case item.Missing:
			name = "-" + name
		}
		list = append(list, name)
	}
	fmt.Fprintf(&j.lines, "%-7v warm=%-5v code=%-2d left=%d failed=%d %s\n",
		o.Plan.Kind, o.Warm, o.ExitCode, o.Left, len(o.Failed), strings.Join(list, " "))
}

// TestPipeline is a day in the life of a target, as observers see it.
func TestPipeline(t *testing.T) {
	j := &journal{}
	refused, denied := 3, 2
	down := func(p *task.Plan) bool {
		if p.Items[0].Path != "while it is down" {
			return false
		}
		refused--
		return refused >= 0
	}
	end := func(p *task.Plan, may int) (Result, error) {
		first := p.Items[0].Path
		switch {
		case down(p):
			return Result{Code: 10}, failure(ClassUnreachable)
		case p.Kind == task.KindTree && first == "" && may == 0:
			return Result{Left: 3}, nil
		case first == "locked" && denied > 0:
			denied--
			return Result{Code: 23, FailedKnown: true, Failed: []PathFailure{{Path: "locked", Why: "EACCES"}}},
				failure(ClassPartial)
		}
		return Result{}, nil
	}
	h := &warmth{answer: func(_ context.Context, p *task.Plan, _ func()) (Result, error) { return end(p, 0) }}
	a := func(_ context.Context, _ int, p *task.Plan, b guard.Budget) (Result, error) { return end(p, b.Max) }
	o := Options{
		Runner: h, Resolver: splitOnce{}, Guard: guard.New(guard.Options{}), Observers: []task.Observer{j},
	}
	bubble(t, o, a, func(r *rig) {
		fullPass(r, task.Asked)
		r.content("a", "b")
		r.sleep(10 * time.Second)
		r.content("a")
		r.owe(task.Attr|task.Left|task.WasDir, task.Entry, task.ClassLive, "old")
		r.sleep(20 * time.Second)
		r.owe(task.Attr, task.Subtree, task.ClassBulk, "big")
		r.sleep(31 * time.Second)
		r.content("while it is down")
		r.sleep(time.Minute)
		r.content("locked", "well")
		r.sleep(4 * time.Minute)
		r.Confirm()
		r.paid()
		synctest.Wait()
	})
	const golden = "testdata/pipeline.golden"
	got := j.lines.String()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("outcomes (-want +got); -update rewrites them\n%s", diff)
	}
}

// splitOnce splits the Subtree big as resolve does with one that is too large.
type splitOnce struct{ echo }

func (s splitOnce) Resolve(ctx context.Context, kind task.Kind, debts []task.Debt) (*task.Plan, error) {
	if kind != task.KindTree || debts[0].Path != "big" {
		return s.echo.Resolve(ctx, kind, debts)
	}
	p := &task.Plan{Kind: kind}
	for _, part := range []task.Debt{
		{Path: "big", Scope: task.Listing},
		{Path: "big/one", Scope: task.Subtree},
		{Path: "big/two", Scope: task.Subtree},
	} {
		d := debts[0]
		d.Path, d.Scope = part.Path, part.Scope
		p.Back = append(p.Back, task.Waiting{Debt: d})
	}
	return p, nil
}
