package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/engine/deliver"
	"github.com/sersync/sersync/engine/guard"
	"github.com/sersync/sersync/engine/journal"
	"github.com/sersync/sersync/engine/resolve"
	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/engine/track"
	"github.com/sersync/sersync/kern/scan"
	"github.com/sersync/sersync/rsyncexec"
)

// target is one destination of a tree with everything that is its own.
type target struct {
	tree     *tree
	conf     config.Target
	log      *slog.Logger
	guard    *guard.Guard
	rsync    *rsyncexec.Runner
	delivery *deliver.Target
	rate     rate
	held     heldNames // of Sync alone

	rootAttrs *rootAttrs

	resolver atomic.Pointer[resolve.Resolver]
	links    *track.Tracker // nil: nobody watches, so nobody knows hard links
	options  resolve.Options

	journal *journal.Journal // nil in a dry run
	stored  guard.Contact
	changed chan struct{} // capacity 1: what is known of the target may have changed
	// passSince is when the full pass under way began, in nanoseconds; 0: none is.
	passSince atomic.Int64
}

func newTarget(e *Engine, t *tree, conf config.Target) *target {
	mode, err := guard.ParseMode(conf.Delete)
	if err != nil {
		mode = guard.Never // config has checked it; the safe one all the same
	}
	g := &target{
		tree: t, conf: conf, log: e.log.With("target", conf.Name), journal: e.journal,
		links: e.tracker, changed: make(chan struct{}, 1), held: heldNames{},
	}
	g.stored = t.contact(e, conf)
	g.guard = guard.New(guard.Options{
		Mode: mode, MaxDelete: conf.MaxDelete, Force: e.opts.force(&t.conf), Contact: g.stored,
	})
	g.rsync = rsyncexec.NewRunner(g.rsyncOptions(e))
	g.options = resolve.Options{
		Filter: t.rules, CrossMounts: t.conf.CrossMounts, LargeFile: t.conf.LargeFile,
		HardLinks: conf.HardLinks, Links: g, MayList: g.guard.Extras, Rate: g.rate.get,
		Owed: g.owed, AbsentMounts: t.absentMounts,
		Open: openFiles(t.conf.OpenFiles), RunTime: e.runTime,
	}
	g.rooted(t.root.Load())
	g.rootAttrs = newRootAttrs(func() {
		g.delivery.Add([]task.Debt{{What: task.Attr, Since: time.Now().UnixNano()}})
	})
	g.delivery = deliver.New(g.deliverOptions(e))
	return g
}

func (g *target) deliverOptions(e *Engine) deliver.Options {
	workers := g.conf.Workers
	if e.opts.Workers > 0 {
		workers = e.opts.Workers
	}
	o := deliver.Options{
		Name: g.conf.Name, Resolver: g, Guard: g.guard, Log: e.log, Workers: workers,
		Observers: append([]task.Observer{
			&g.rate, (*contactObserver)(g), g.rootAttrs, runLog{e.log},
		}, e.opts.Observers...),
		NoWarm: !g.conf.Warm || g.links == nil, ServerTimeout: g.conf.Timeout, DryRun: e.opts.DryRun,
	}
	if g.links == nil {
		o.Observers = append(o.Observers, g.held)
	}
	r := &runner{
		rsync: g.rsync, rules: g.tree.rules, guard: g.guard,
		cross: g.tree.conf.CrossMounts, root: g.tree.root.Load, hold: g.tree.hold,
	}
	if e.opts.DryRun {
		r.dry = &dryRun{out: e.opts.Stdout, mu: &e.printing, target: g.conf.Name}
		o.Runner = r
	} else {
		o.Runner = warmRunner{r}
	}
	return o
}

func (g *target) rsyncOptions(e *Engine) rsyncexec.Options {
	t := &g.tree.conf
	args := append(append([]string{}, g.conf.Args...), g.conf.Backup.Args()...)
	if g.conf.BwLimit > 0 {
		share := max(g.conf.BwLimit/int64(max(g.conf.Workers, 1))/1024, 1)
		args = append(args, "--bwlimit="+strconv.FormatInt(share, 10))
	}
	o := rsyncexec.Options{
		Dest: g.conf.Dest, Args: args, RSH: shellWords(g.conf.RSH), Port: g.conf.Port,
		PasswordFile: g.conf.PasswordFile, Timeout: g.conf.Timeout, ConTimeout: g.conf.ConTimeout,
		HardLinks: g.conf.HardLinks, OneFileSystem: !t.CrossMounts, Nice: true,
		// A parent that is swapped for a symlink between our look and rsync's open would let root's
		// rsync read anything; without root it reads no more than the user may.
		Landlock: os.Geteuid() == 0,
		Filters:  rulesOf(g.tree.rules.Rsync()), Source: t.Path, Log: e.log.With("target", g.conf.Name),
	}
	if e.journal != nil {
		o.Lock = e.journal.LockFile()
	}
	return o
}

// shellWords joins what rsync splits again at blanks, with its own quoting (rsync(1), -e).
func shellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if strings.ContainsAny(w, " \t'\"") {
			w = `"` + strings.ReplaceAll(w, `"`, `""`) + `"`
		}
		quoted[i] = w
	}
	return strings.Join(quoted, " ")
}

func openFiles(o config.OpenFiles) resolve.OpenFiles {
	return resolve.OpenFiles{
		Wait: o.Max, Always: o.Wait == config.WaitNever, OnlyClose: o.Wait == config.WaitClose,
	}
}

// rooted makes root the directory that is looked at from now on. A plan keeps the one that it was
// made from.
func (g *target) rooted(root *scan.Root) {
	o := g.options
	o.Root = root
	g.resolver.Store(resolve.New(o))
}

// turn makes another directory the source, once every run from the old one has ended: what those
// find must not count for the new one. Meanwhile no run begins, because the old root's resolver sees
// that the path leads elsewhere.
func (g *target) turn(ctx context.Context, root *scan.Root) {
	if g.delivery.Wait(ctx, func(s deliver.Stats) bool { return s.Running == 0 }) != nil {
		return
	}
	g.guard.SetContact(guard.Unknown)
	g.delivery.DropWarm()
	g.touch()
	g.rooted(root)
	g.passBegan()
	g.delivery.Add([]task.Debt{fullPass(task.Asked)})
	g.delivery.Resume()
}

// fullPass is the debt that a full pass begins as.
func fullPass(origin task.Origin) task.Debt {
	return task.Debt{
		Scope: task.Subtree, Origin: origin, Class: task.ClassBulk, Since: time.Now().UnixNano(),
	}
}

// Resolve implements deliver.Resolver.
func (g *target) Resolve(
	ctx context.Context, kind task.Kind, debts []task.Debt,
) (*task.Plan, error) {
	r := g.resolver.Load()
	p, err := r.Resolve(ctx, kind, debts)
	if errors.Is(err, resolve.ErrPaused) || errors.Is(err, resolve.ErrReplaced) {
		g.tree.doubt()
		return nil, fmt.Errorf("%w: %w", deliver.ErrPaused, err)
	}
	return p, err
}

// owed is the Since of the oldest debt, 0 for none.
func (g *target) owed() int64 {
	since, _ := g.delivery.Queue().Low()
	return since
}

// Names implements resolve.LinkIndex.
func (g *target) Names(path string, dev, ino uint64, nlink uint32) []string {
	if g.links == nil {
		return nil
	}
	return g.links.Names(track.Inode{Tree: g.tree.number, Dev: dev, Ino: ino}, path, nlink)
}

func (g *target) touch() {
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

// contactObserver notices that a run may have changed what is known of the target.
type contactObserver target

// Observe implements task.Observer.
func (g *contactObserver) Observe(*task.Outcome) {
	(*target)(g).touch()
	(*target)(g).passEnded()
}

// runLog says what every run did, to those who look for it.
type runLog struct{ log *slog.Logger }

// Observe implements task.Observer.
func (l runLog) Observe(o *task.Outcome) {
	l.log.Debug("run ended", "target", o.Target, "kind", o.Plan.Kind, "class", o.Plan.Class,
		"first", o.Plan.Items[0].Path, "listed", len(o.Plan.Items), "sent", o.Sent, "deleted", o.Deleted, "left", o.Left,
		"seconds", o.Duration.Seconds(), "warm", o.Warm, "exit", o.ExitCode, "err", o.Err)
}

func (g *target) passBegan() { g.passSince.Store(time.Now().UnixNano()) }

// passEnded notes how long the full pass took, if it is over.
func (g *target) passEnded() {
	since := g.passSince.Load()
	if since == 0 {
		return
	}
	if s := g.delivery.Stats(); s.Ready[task.ClassBulk] == 0 && s.Bulk <= 1 && s.Parked == 0 {
		g.passSince.Store(0)
		g.tree.passLength.Store(time.Now().UnixNano() - since)
	}
}

// remember writes what is known of the target to the journal whenever it changes: two fsyncs that
// no change has to wait for.
func (g *target) remember(ctx context.Context) error {
	if g.journal == nil {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-g.changed:
		}
		g.save()
	}
}

func (g *target) save() {
	contact := g.guard.Contact()
	if g.journal == nil || contact == g.stored {
		return
	}
	// Confirmed is a person's word for this start; what the passes find is remembered.
	if contact == guard.Confirmed {
		return
	}
	record := journal.Target{Contact: contact.String()}
	if contact == guard.Clean {
		record.LastPass = time.Now()
	}
	if err := g.journal.SetTarget(g.tree.conf.Path, g.conf.Dest, record); err != nil {
		g.log.Error("remember target", "target", g.conf.Name, "err", err)
		return
	}
	g.stored = contact
}
