package resolve

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sersync/sersync/engine/task"
)

// rsync executes plans: source is the rig's tree, target a local directory.
type rsync struct {
	t      testing.TB
	source string
	target string
}

func needRsync(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("rsync"); err != nil {
		t.Fatal("these tests drive rsync (apt install rsync): ", err)
	}
}

// run executes a plan and returns the files that rsync says it sent; ok is false if some paths
// failed, so that nothing is paid.
func (r *rsync) run(p *task.Plan) (sent map[string]bool, ok bool) {
	r.t.Helper()
	if len(p.Items) == 0 {
		return nil, true
	}
	args := []string{"-aH", "-@-1", "--numeric-ids", "--force", "-i", "--out-format=%i %n"}
	level := false
	var list bytes.Buffer
	for _, it := range p.Items {
		level = level || it.Level
		list.WriteString(argument(it))
		list.WriteByte(0)
	}
	args = append(args, "--delete-missing-args")
	switch {
	case p.Kind == task.KindTree:
		args = append(args, "-r", "--delete")
	case p.Kind == task.KindContent:
		args = append(args, "-I")
	case p.Kind == task.KindLarge && !p.Quick:
		args = append(args, "-c")
	case level:
		args = append(args, "--delete")
	}
	for _, path := range p.Hide {
		args = append(args, "--filter=H /"+path)
	}
	if p.MaxSize > 0 {
		args = append(args, "--max-size="+strconv.FormatInt(p.MaxSize, 10))
	}
	args = append(args, "--from0", "--files-from=-", r.source+"/", r.target+"/")
	cmd := exec.CommandContext(context.Background(), "rsync", args...)
	cmd.Stdin = &list
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && (exit.ExitCode() == 23 || exit.ExitCode() == 24):
		return nil, false
	case err != nil:
		r.t.Fatalf("rsync %v < %q: %v\n%s", args, list.String(), err, stderr.String())
	}
	return transferred(string(out)), true
}

func argument(it task.Item) string {
	switch {
	case it.Path == "" && !it.Level:
		return "/."
	case it.Path == "":
		return "/"
	case it.Level:
		return "/" + it.Path + "/"
	}
	return "/" + it.Path
}

var escape = regexp.MustCompile(`\\#([0-7]{3})`)

func transferred(out string) map[string]bool {
	sent := make(map[string]bool)
	for line := range strings.Lines(out) {
		if len(line) > 12 && line[1] == 'f' && (line[0] == '>' || line[0] == '<') {
			name := escape.ReplaceAllStringFunc(strings.TrimSuffix(line[12:], "\n"), func(s string) string {
				c, _ := strconv.ParseUint(s[2:], 8, 8)
				return string([]byte{byte(c)})
			})
			sent[name] = true
		}
	}
	return sent
}

// queue is the least that a target's queue must do.
type queue struct {
	t      testing.TB
	g      *rig
	rsync  *rsync
	debts  map[key]task.Debt
	before func() // between the look and the run
	runs   int
}

type key struct {
	path  string
	scope task.Scope
}

func (q *queue) add(d task.Debt) {
	k := key{d.Path, d.Scope}
	if old, ok := q.debts[k]; ok {
		d.What = old.What.Then(d.What)
		d.Since, d.Origin = min(old.Since, d.Since), min(old.Origin, d.Origin)
		d.Seq = max(old.Seq, d.Seq)
	}
	q.debts[k] = d
}

// drain pays everything.
func (q *queue) drain() {
	q.t.Helper()
	for round := 0; len(q.debts) > 0; round++ {
		if round > 60 {
			q.t.Fatalf("no end: %v", q.debts)
		}
		for _, kind := range []task.Kind{task.KindTree, task.KindQuick, task.KindContent, task.KindLarge} {
			q.once(kind)
		}
	}
}

// take hands out what a run of this kind may get, content along with trees.
func (q *queue) take(kind task.Kind) (debts []task.Debt) {
	wanted := false
	for _, d := range q.debts {
		wanted = wanted || task.KindOf(d) == kind
	}
	if !wanted {
		return nil
	}
	for k, d := range q.debts {
		if of := task.KindOf(d); of == kind || kind == task.KindTree && of == task.KindContent {
			debts = append(debts, d)
			delete(q.debts, k)
		}
	}
	return debts
}

func (q *queue) once(kind task.Kind) {
	q.t.Helper()
	debts := q.take(kind)
	if len(debts) == 0 {
		return
	}
	plan := q.g.resolve(kind, debts...)
	if q.before != nil {
		q.before()
	}
	sent, ok := q.rsync.run(plan)
	q.runs++
	for _, w := range plan.Back {
		q.add(w.Debt)
	}
	if !ok {
		for _, d := range plan.Paid {
			q.add(d)
		}
	}
	for _, d := range plan.Carried {
		if !ok || !sent[d.Path] {
			q.add(d)
		}
	}
}
