package rsyncexec

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// Difference is what is not yet as it is at the source.
type Difference struct {
	// Paths are still different, directories and what is to be deleted among them.
	Paths []string
	// Unread could not be compared, nor anything below them: the source can't be read there.
	Unread []PathError
	// Left are deletions beyond the budget, which are not among Paths.
	Left int
}

// verifyRounds bounds how often what can't be read is left out to see the deletions, which rsync
// skips all of when there is such a thing.
const verifyRounds = 3

// Verify says what is still different: the same list is compared, nothing is written. Content is
// compared by checksum where the run would send it. All that the Difference does not name, nor
// what is below it, is equal; whatever else keeps rsync from saying so is the error.
func (r *Runner) Verify(ctx context.Context, inv Invocation) (Difference, error) {
	inv.DryRun, inv.Sent = true, nil
	var d Difference
	var err error
	for range verifyRounds {
		var still names
		var res Result
		res, err = r.run(ctx, inv, still.add)
		unread, ok := unreadOf(&inv, &res, err)
		if !ok {
			return Difference{}, err
		}
		d.Unread = append(d.Unread, unread...)
		if !res.DeletesSkipped {
			d.Paths, d.Left = still.paths, res.LeftDeletions
			if res.Stopped {
				d.Left = max(d.Left, 1)
			}
			return d, nil
		}
		inv.leaveOut(unread, &r.o)
	}
	return Difference{}, err
}

// names gathers what two goroutines tell.
type names struct {
	mu    sync.Mutex
	paths []string
}

func (n *names) add(c *change) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.paths = append(n.paths, string(c.name))
}

// unreadOf are the paths that a dry run could not read; ok is false if it failed for anything
// else, or said something that can't be put down to a path of its list. The wording decides here,
// so only what is beyond doubt counts: the source's own names, without a quote in them.
func unreadOf(inv *Invocation, res *Result, err error) (unread []PathError, ok bool) {
	var e *Error
	switch {
	case err == nil:
		return nil, true
	case !errors.As(err, &e), e.Err != nil, e.Code != ExitPartial && e.Code != ExitVanished, res.vague:
		return nil, false
	}
	for _, p := range res.FailedPaths {
		if !strings.Contains(p.Text, `"`+sourcePrefix) || strings.Count(p.Text, `"`) != 2 || !inv.reaches(p.Path) {
			return nil, false
		}
		if !slices.ContainsFunc(unread, func(o PathError) bool { return o.Path == p.Path }) {
			unread = append(unread, p)
		}
	}
	return unread, len(unread) > 0
}

// reaches says that path is listed, or may be below what is.
func (inv *Invocation) reaches(path string) bool {
	return slices.ContainsFunc(inv.Items, func(it Item) bool { return within(path, it.Path) })
}

// leaveOut takes paths and what is below them out of the run, and protects them on the target.
func (inv *Invocation) leaveOut(paths []PathError, o *Options) {
	rules := make([]string, 0, len(paths)+len(inv.filters(o)))
	for _, p := range paths {
		rules = append(rules, "- "+patternOf(p.Path))
	}
	inv.Filters = append(rules, inv.filters(o)...)
	inv.Items = slices.DeleteFunc(slices.Clone(inv.Items), func(it Item) bool {
		return slices.ContainsFunc(paths, func(p PathError) bool { return within(it.Path, p.Path) })
	})
}

// within says that path is dir or below it.
func within(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || dir == "" || rest[0] == '/')
}
