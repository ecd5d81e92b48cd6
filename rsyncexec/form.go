package rsyncexec

import (
	"strconv"
	"strings"
)

// form is what one rsync process is given.
type form struct {
	args []string // all of argv but the program's name
	list []byte   // standard input; empty where the paths are operands
}

// stepKind is what one process of an invocation does.
type stepKind uint8

const (
	stepAll     stepKind = iota // the listed paths, missing ones among them
	stepPresent                 // the listed paths without the missing ones
	stepDelete                  // missing ones, by a pass over their parents
	stepRoot                    // the root's own attributes
)

// step is one process of an invocation. Most take one; more where the receiver lacks
// --delete-missing-args, or the root's own attributes are asked for.
type step struct {
	kind    stepKind
	missing []Item // of stepDelete
}

// steps plans an invocation. without says not to use --delete-missing-args although the receiver
// knows it.
func (o *Options) steps(q Quirks, inv *Invocation, without bool) []step {
	n := countItems(inv)
	var out []step
	switch {
	case n.missing > 0 && q.missingArgs() && !without:
		out = append(out, step{kind: stepAll})
	default:
		if n.present > 0 {
			out = append(out, step{kind: stepPresent})
		}
		if n.missing > 0 {
			out = append(out, deleteSteps(inv)...)
		}
	}
	if n.root {
		out = append(out, step{kind: stepRoot})
	}
	return out
}

// form builds what a step's process is given. Steps of one invocation share its budget, so a
// later one is built when what the earlier ones deleted is known.
func (o *Options) form(s step, q Quirks, inv *Invocation) form {
	switch s.kind {
	case stepDelete:
		return o.deleteOnly(q, inv, s.missing)
	case stepRoot:
		return o.rootOnly(q, inv)
	}
	return o.exact(q, inv, s.kind == stepAll)
}

// census counts what decides the form.
type census struct {
	present, missing int  // items other than the bare root
	level            bool // some item is a one-level listing
	root             bool // the root's own attributes alone
}

func countItems(inv *Invocation) census {
	var n census
	for i := range inv.Items {
		switch it := &inv.Items[i]; {
		case bareRoot(it, inv.Recursive):
			n.root = true
		case it.Missing && inv.Delete == DeleteNo: // nothing to do
		case it.Missing:
			n.missing++
		default:
			n.present++
			n.level = n.level || it.Level
		}
	}
	if n.root && covered(inv) {
		n.root = false
	}
	return n
}

// bareRoot is the root for its own attributes. It can't be listed with others: rsync takes "/."
// for the root's whole level, sends what is in it and with --delete deletes from it.
func bareRoot(it *Item, recursive bool) bool {
	return it.Path == "" && !it.Level && !it.Missing && !recursive
}

// covered: the root's level is listed, and its attributes with it.
func covered(inv *Invocation) bool {
	for i := range inv.Items {
		if inv.Items[i].Path == "" && inv.Items[i].Level {
			return true
		}
	}
	return false
}

// exact is the run over the listed paths; with missing, also over those that are gone.
func (o *Options) exact(q Quirks, inv *Invocation, missing bool) form {
	deletes := inv.Delete == DeleteBudget
	args := o.common(q, inv)
	args = append(args, compareArgs(q, inv)...)
	args = append(args, recursion(inv.Recursive))
	// Over a file of several names that a directory is in the way of, a dry run of rsync 3.5 hangs
	// for ever when lists are made as it goes.
	hangs := inv.DryRun && o.HardLinks && !inv.all
	if inv.Recursive && (inv.Files > 0 && inv.Files <= wholeList || hangs) {
		args = append(args, "--no-inc-recursive")
	}
	switch {
	case missing:
		args = append(args, "--delete-missing-args")
	case q.ignoreMissing():
		// What has vanished since the caller looked has its own event.
		args = append(args, "--ignore-missing-args")
	}
	if deletes {
		args = append(args, "--force")
		args = append(args, o.deleteListed(inv)...)
		args = appendBudget(args, inv.MaxDelete)
	}
	if inv.Partial && !o.has("--inplace", "--append", "--append-verify", "--partial-dir") {
		// --partial alone would leave a truncated file under its real name.
		args = append(args, "--partial-dir=.rsync-partial")
	}
	if inv.MaxSize > 0 {
		args = append(args, "--max-size="+strconv.FormatInt(inv.MaxSize, 10))
	}
	args = append(args, hideArgs(inv.Hide)...)
	args = append(args, filterArgs(inv.filters(o))...)
	keep := func(it *Item) bool {
		return !bareRoot(it, inv.Recursive) && (missing || !it.Missing)
	}
	if inv.Recursive || countItems(inv).level {
		if paths, ok := operands(inv, keep); ok {
			args = append(args, "-R")
			if !inv.Recursive {
				args = append(args, "-d")
			}
			return form{args: append(append(args, paths...), o.Dest)}
		}
	}
	return form{args: o.finish(args), list: appendList(nil, inv.Items, inv.Recursive, keep)}
}

// wholeList is up to how many entries a tree's list is made as a whole. It takes about 100 bytes an
// entry at both ends and a tenth less time (measured: 200,000 unchanged files 2.3 s against 2.6 s).
const wholeList = 100_000

// deleteListed is --delete where listed levels or trees want it. It also is what sends the
// filters to the receiver, so that they protect, and what makes --max-delete=0 hold.
func (o *Options) deleteListed(inv *Invocation) []string {
	level := countItems(inv).level
	switch {
	case inv.MaxDelete == 0:
		return []string{"--delete"}
	case level && inv.Compare == Content:
		return nil
	case inv.Recursive || level || len(inv.filters(o)) > 0:
		return []string{"--delete"}
	}
	return nil
}

// deleteOnly is the run that deletes missing names where they can't be listed: a one-level pass
// over their parents that changes nothing. It must not take a parent's other extra names along:
// another source may live there.
func (o *Options) deleteOnly(q Quirks, inv *Invocation, missing []Item) form {
	args := o.common(q, inv)
	args = append(args, recursion(false), "--force", "--existing", "--ignore-existing", "--delete")
	if q.ignoreMissing() {
		args = append(args, "--ignore-missing-args")
	}
	args = appendBudget(args, inv.MaxDelete)
	args = append(args, filterArgs(o.Filters)...)
	if !inv.Extras {
		args = append(args, riskArgs(missing)...)
	}
	return form{args: o.finish(args), list: parents(missing)}
}

// rootOnly is the run over the root's own attributes: its level with everything in it hidden.
func (o *Options) rootOnly(q Quirks, inv *Invocation) form {
	args := o.common(q, inv)
	args = append(args, recursion(false), "--filter=- /*")
	return form{args: o.finish(args), list: []byte("/.\x00")}
}

// common are the options of every run.
func (o *Options) common(q Quirks, inv *Invocation) []string {
	args := make([]string, 0, 32+len(o.Args)+len(o.Filters))
	args = append(args, "-a")
	args = append(args, o.Args...)
	if q.window != "" && q.Subsecond() {
		args = append(args, q.window)
	}
	args = append(args, "--numeric-ids", "--out-format="+outFormat)
	args = append(args, o.connection()...)
	if o.OneFileSystem {
		args = append(args, "-x")
	}
	if o.HardLinks && !inv.all {
		args = append(args, "-H")
	}
	if inv.DryRun {
		args = append(args, "-n")
	}
	if inv.all {
		args = append(args, "-i", "-i")
	}
	return args
}

// finish adds where the list, the source and the target are.
func (o *Options) finish(args []string) []string {
	return append(args, "--from0", "--files-from=-", sourcePrefix, o.Dest)
}

func compareArgs(q Quirks, inv *Invocation) []string {
	switch {
	case inv.Compare == Content && inv.DryRun:
		return []string{"-c"} // -I would call every file different
	case inv.Compare == Content:
		return []string{"-I"}
	case inv.Compare == Checksum, !q.Subsecond():
		// A receiver before 3.1.3 compares whole seconds; 3.1.0-2 would even give a stale file
		// the new file's time, so that nobody could find it again.
		return []string{"-c"}
	}
	return nil
}

// recursion has the last word over a -r among the user's options; -a has none with a list.
func recursion(on bool) string {
	if on {
		return "-r"
	}
	return "--no-r"
}

func filterArgs(rules []string) []string {
	args := make([]string, len(rules))
	for i, r := range rules {
		args[i] = "--filter=" + r
	}
	return args
}

// has looks for one of the user's options, by its long name.
func (o *Options) has(names ...string) bool {
	for _, a := range o.Args {
		name, _, _ := strings.Cut(a, "=")
		for _, n := range names {
			if name == n {
				return true
			}
		}
	}
	return false
}
