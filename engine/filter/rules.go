package filter

import (
	"bytes"
	"errors"
	"strings"
)

// Rules is an immutable rule list. Nil and the zero value exclude nothing.
type Rules struct {
	all      []rule  // in order, for rsync
	deciding []*rule // those of the sender's side, for us
	path     bool    // some deciding rule looks at more than the last component
	regexes  bool    // some deciding rule has no form in rsync's language
	warnings []Warning
}

// New builds the list. The error joins one *RuleError for each bad rule (see RuleErrors).
func New(o Options) (*Rules, error) {
	r := &Rules{}
	var errs []error
	r.addStateDirs(o)
	for _, x := range o.Sersync2 {
		errs = append(errs, r.addRegex(x))
	}
	kept := len(r.all)
	for _, x := range o.Rsync {
		parsed, err := parseRule(x, o.Root)
		switch {
		case err != nil:
			errs = append(errs, err)
		case parsed.action == actClear:
			// "!" forgets rsync's rules so far; the others are not in that list.
			r.all = r.all[:kept]
		case parsed.action != actNone:
			r.all = append(r.all, parsed)
		}
	}
	if o.TempFiles {
		r.addTempFiles()
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for i := range r.all {
		x := &r.all[i]
		if !x.sender || x.xattr {
			continue
		}
		r.deciding = append(r.deciding, x)
		r.path = r.path || x.regex != nil || !x.pat.nameOnly
		r.regexes = r.regexes || x.regex != nil
	}
	return r, nil
}

// Parse builds a list of rsync filter rules such as "- *.o".
func Parse(rules ...string) (*Rules, error) {
	var o Options
	for _, text := range rules {
		o.Rsync = append(o.Rsync, RsyncRule{Text: text})
	}
	return New(o)
}

func (r *Rules) addStateDirs(o Options) {
	root := strings.TrimRight(o.Root, "/")
	for _, dir := range o.StateDirs {
		below, ok := strings.CutPrefix(strings.TrimRight(dir, "/"), root+"/")
		if o.Root == "" || !ok || below == "" {
			continue
		}
		x := newRule(actExclude, "/"+escape(below)+"/")
		x.why = "the program's own state directory"
		r.all = append(r.all, x)
	}
}

// addTempFiles appends sersync2's built-in rule; doc.go says why it is last.
func (r *Rules) addTempFiles() {
	for _, name := range []string{".*", "*~", "4913"} {
		x := newRule(actInclude, name+"/")
		x.why = "directories are not temp files"
		r.all = append(r.all, x)
	}
	for _, name := range []string{".*", "*~", "4913"} {
		x := newRule(actExclude, name)
		x.why = "sersync2's temp-file rule"
		r.all = append(r.all, x)
	}
}

// Excluded decides for this path alone, its parents being included. Where NeedsPath is false the
// last component of the path is enough. It allocates only where Untranslatable is true.
func (r *Rules) Excluded(path []byte, isDir bool) bool {
	x := r.decide(path, isDir)
	return x != nil && x.action == actExclude
}

// ExcludedTree is whether the path or any of its parents is excluded.
func (r *Rules) ExcludedTree(path string, isDir bool) bool {
	if r.Empty() {
		return false
	}
	p := []byte(path)
	for i, c := range p {
		if c == '/' && r.Excluded(p[:i], true) {
			return true
		}
	}
	return r.Excluded(p, isDir)
}

// decide is the first rule that matches, nil if none does.
func (r *Rules) decide(path []byte, isDir bool) *rule {
	if r == nil || len(path) == 0 {
		return nil
	}
	name := path[bytes.LastIndexByte(path, '/')+1:]
	for _, x := range r.deciding {
		if x.matches(path, name, isDir) {
			return x
		}
	}
	return nil
}

// NeedsPath is whether Excluded needs the whole path; false: the last component decides.
func (r *Rules) NeedsPath() bool { return r != nil && r.path }

// Empty is whether nothing can be excluded.
func (r *Rules) Empty() bool { return r == nil || len(r.deciding) == 0 }

// Warnings are about rules that probably do not do what their author meant.
func (r *Rules) Warnings() []Warning {
	if r == nil {
		return nil
	}
	return r.warnings
}
