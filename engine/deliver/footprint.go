package deliver

import (
	"slices"
	"strings"

	"github.com/sersync/sersync/engine/task"
)

// reach is a set of scopes.
type reach uint8

func reachOf(s task.Scope) reach { return 1 << s }

// footprint is the part of the tree that one run writes on the target. Above what it writes are
// its implied parents, whose attributes rsync sends too: they are shared, not owned.
type footprint struct {
	claims []task.Claim
	// at, once indexed, says what is claimed at a path; above has every directory above a claim,
	// true if a claim lies directly in it.
	at    map[string]reach
	above map[string]bool
}

// ofDebts is the footprint of a batch that was not looked at yet.
func ofDebts(debts []task.Debt) *footprint {
	f := &footprint{claims: make([]task.Claim, len(debts))}
	for i := range debts {
		f.claims[i] = task.Claim{Path: debts[i].Path, Scope: debts[i].Scope}
	}
	return f
}

// ofPlan is the footprint of a run. What is not a directory claims all below its name as well: the
// target may have a directory there, and another run that still saw one is about to fill it.
func ofPlan(p *task.Plan) *footprint {
	f := &footprint{claims: make([]task.Claim, 0, len(p.Items)+len(p.Claims))}
	for i := range p.Items {
		item := &p.Items[i]
		scope := task.Subtree
		switch {
		case item.Level:
			scope = task.Listing
		case item.Dir && p.Kind != task.KindTree:
			scope = task.Entry
		}
		f.claims = append(f.claims, task.Claim{Path: item.Path, Scope: scope})
	}
	f.claims = append(f.claims, p.Claims...)
	return f
}

func (f *footprint) index() {
	if f.at != nil {
		return
	}
	f.at = make(map[string]reach, len(f.claims))
	f.above = make(map[string]bool)
	for _, c := range f.claims {
		f.at[c.Path] |= reachOf(c.Scope)
		direct := true
		for dir, ok := parentOf(c.Path); ok; dir, ok = parentOf(dir) {
			known, there := f.above[dir]
			if there && (known || !direct) {
				break // what is above it is known as well
			}
			f.above[dir] = known || direct
			if there {
				break
			}
			direct = false
		}
	}
}

// overlaps reports whether a run that writes c may not be under way together with one that leaves
// this footprint.
func (f *footprint) overlaps(c task.Claim) bool {
	f.index()
	if f.at[c.Path] != 0 {
		return true
	}
	inside, isAbove := f.above[c.Path]
	if isAbove && (c.Scope == task.Subtree || c.Scope == task.Listing && inside) {
		return true
	}
	for dir, ok := parentOf(c.Path); ok; dir, ok = parentOf(dir) {
		if f.at[dir]&reachOf(task.Subtree) != 0 {
			return true
		}
	}
	dir, ok := parentOf(c.Path)
	return ok && f.at[dir]&reachOf(task.Listing) != 0
}

// covers reports whether path is at or below a Subtree of this footprint.
func (f *footprint) covers(path string) bool {
	f.index()
	for ok := true; ok; path, ok = parentOf(path) {
		if f.at[path]&reachOf(task.Subtree) != 0 {
			return true
		}
	}
	return false
}

// clash reports whether two footprints overlap. It asks for each claim of the smaller one.
func clash(a, b *footprint) bool {
	if len(a.claims) > len(b.claims) {
		a, b = b, a
	}
	return slices.ContainsFunc(a.claims, b.overlaps)
}

// met returns the claims of f that overlap other.
func (f *footprint) met(other *footprint) []task.Claim {
	var met []task.Claim
	for _, c := range f.claims {
		if other.overlaps(c) {
			met = append(met, c)
		}
	}
	return met
}

// sharedDirs calls yield for each directory whose attributes both runs send. The root is none:
// rsync sends it only where it is listed.
func sharedDirs(older, younger *footprint, yield func(dir string)) {
	older.index()
	younger.index()
	for dir := range younger.above {
		if dir != "" && older.sends(dir) {
			yield(dir)
		}
	}
	listing := false
	for dir, r := range younger.at {
		if _, above := older.above[dir]; above && dir != "" {
			yield(dir)
		}
		listing = listing || r&reachOf(task.Listing) != 0
	}
	if !listing {
		return
	}
	for dir := range older.above {
		if in, ok := parentOf(dir); ok && younger.at[in]&reachOf(task.Listing) != 0 {
			yield(dir)
		}
	}
}

// sends reports whether the attributes of dir are sent: as an implied parent, as a claim of its
// own, or as an entry of a directory that is listed.
func (f *footprint) sends(dir string) bool {
	if _, ok := f.above[dir]; ok || f.at[dir] != 0 {
		return true
	}
	in, ok := parentOf(dir)
	return ok && f.at[in]&reachOf(task.Listing) != 0
}

// parentOf returns the directory that path is in; the root is in none.
func parentOf(path string) (dir string, ok bool) {
	if path == "" {
		return "", false
	}
	return path[:max(strings.LastIndexByte(path, '/'), 0)], true
}

// within reports whether path is at or below dir.
func within(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (dir == "" || rest == "" || rest[0] == '/')
}

// overlap reports whether two claims may not be under way together.
func overlap(a, b task.Claim) bool {
	if len(a.Path) > len(b.Path) {
		a, b = b, a
	}
	switch {
	case a.Path == b.Path:
		return true
	case !within(b.Path, a.Path) || a.Scope == task.Entry:
		return false
	case a.Scope == task.Subtree:
		return true
	}
	dir, _ := parentOf(b.Path)
	return dir == a.Path
}
