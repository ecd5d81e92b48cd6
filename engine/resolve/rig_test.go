package resolve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

// rig is a source tree with a Resolver over it.
type rig struct {
	t    testing.TB
	dir  string
	root *scan.Root
	r    *Resolver
}

func newRig(t testing.TB, o Options) *rig {
	t.Helper()
	g := &rig{t: t, dir: t.TempDir()}
	root, err := scan.OpenRoot(g.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	g.root, o.Root = root, root
	g.r = New(o)
	return g
}

// do changes the tree. A script is a list of commands, separated by semicolons:
//
//	dir PATH | file PATH [SIZE] | link OLD NEW | symlink TO PATH | fifo PATH | mv OLD NEW | rm PATH
func (g *rig) do(script string) {
	g.t.Helper()
	for cmd := range strings.SplitSeq(script, ";") {
		if f := strings.Fields(cmd); len(f) > 0 {
			if err := g.command(f); err != nil {
				g.t.Fatalf("%s: %v", cmd, err)
			}
		}
	}
}

func (g *rig) command(f []string) error {
	at := func(i int) string { return filepath.Join(g.dir, f[i]) }
	switch f[0] {
	case "dir":
		return os.MkdirAll(at(1), 0o755)
	case "file":
		size := 1
		if len(f) > 2 {
			size, _ = strconv.Atoi(f[2])
		}
		if err := os.MkdirAll(filepath.Dir(at(1)), 0o755); err != nil {
			return err
		}
		return os.WriteFile(at(1), make([]byte, size), 0o644)
	case "link":
		return os.Link(at(1), at(2))
	case "symlink":
		return os.Symlink(f[1], at(2))
	case "fifo":
		return syscall.Mkfifo(at(1), 0o644)
	case "mv":
		return os.Rename(at(1), at(2))
	case "rm":
		return os.RemoveAll(at(1))
	}
	return errors.New("no such command")
}

func (g *rig) resolve(kind task.Kind, debts ...task.Debt) *task.Plan {
	g.t.Helper()
	plan, err := g.r.Resolve(context.Background(), kind, debts)
	if err != nil {
		g.t.Fatal(err)
	}
	g.account(plan, debts)
	return plan
}

// account checks what holds for every plan.
func (g *rig) account(p *task.Plan, debts []task.Debt) {
	g.t.Helper()
	if len(p.Items) != len(p.Claims) {
		g.t.Errorf("%d items, %d claims", len(p.Items), len(p.Claims))
	}
	for i := 1; i < len(p.Items); i++ {
		a, b := p.Items[i-1], p.Items[i]
		if comparePaths(a.Path, b.Path) >= 0 {
			g.t.Errorf("items out of order: %q, %q", a.Path, b.Path)
		}
		if !a.Dir && covers(a.Path, b.Path) {
			g.t.Errorf("%q is listed below %q, which is no directory", b.Path, a.Path)
		}
	}
	hidden := make(map[string]bool)
	for _, path := range p.Hide {
		hidden[path] = true
	}
	for _, d := range slices.Concat(p.Paid, p.Carried) {
		if hidden[d.Path] {
			g.t.Errorf("%q is hidden from the run that pays it", d.Path)
		}
	}
	// Every debt is somewhere: the sequence of each appears in exactly the parts that it went to.
	seen := make(map[uint64]bool)
	for _, d := range slices.Concat(p.Paid, p.Carried) {
		seen[d.Seq] = true
	}
	for _, b := range p.Back {
		seen[b.Seq] = true
	}
	lost := 0
	for _, d := range debts {
		if !seen[d.Seq] {
			lost++
		}
	}
	if lost != p.Drop {
		g.t.Errorf("%d debts are nowhere, but Drop is %d", lost, p.Drop)
	}
}

// show writes a plan, a line for each part, so that a test can say what it wants.
func show(p *task.Plan) string {
	var b strings.Builder
	for i, it := range p.Items {
		word := "file"
		switch {
		case it.Level:
			word = "level"
		case it.Missing:
			word = "missing"
		case it.Dir && p.Claims[i].Scope == task.Subtree:
			word = "tree"
		case it.Dir:
			word = "dir"
		}
		fmt.Fprintf(&b, "%s %s", word, name(it.Path))
		if s := p.Claims[i].Scope; s == task.Subtree && !it.Missing && !it.Dir {
			b.WriteString(" over a directory")
		}
		b.WriteByte('\n')
	}
	for _, d := range p.Carried {
		fmt.Fprintf(&b, "carried %s\n", name(d.Path))
	}
	for _, w := range p.Back {
		fmt.Fprintf(&b, "back %v %v %s", task.KindOf(w.Debt), w.Scope, name(w.Path))
		if w.Reason != task.Ready {
			fmt.Fprintf(&b, " %v", w.Reason)
		}
		b.WriteByte('\n')
	}
	switch {
	case p.MayDeleteBelow:
		fmt.Fprintf(&b, "deletes %d or more\n", p.Deletes)
	case p.Deletes > 0:
		fmt.Fprintf(&b, "deletes %d\n", p.Deletes)
	}
	fmt.Fprintf(&b, "paid %d", len(p.Paid))
	if p.Drop > 0 {
		fmt.Fprintf(&b, " dropped %d", p.Drop)
	}
	return b.String()
}

func name(path string) string {
	if path == "" {
		return "."
	}
	return path
}

// lines cuts the indentation off a wanted plan.
func lines(s string) string {
	var out []string
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// owe makes a live debt; the sequence is that of the calls.
type owe struct{ seq uint64 }

func (o *owe) debt(path string, scope task.Scope, what task.What) task.Debt {
	o.seq++
	return task.Debt{
		Path: path, Scope: scope, What: what, Seq: o.seq, Since: time.Now().UnixNano(),
	}
}
