package filter

import (
	"fmt"
	"regexp"
	"strings"
)

type action uint8

const (
	actNone action = iota // can't match anything here: dropped
	actExclude
	actInclude
	actClear
)

// rule is one rule of the list, in both forms.
type rule struct {
	action     action
	sender     bool // it decides what is sent: ours too
	receiver   bool // it decides what may be deleted on the target
	negate     bool
	perishable bool
	xattr      bool // about names of extended attributes, not paths: rsync's alone
	pat        pattern
	pattern    string // in rsync's language; "" if only regex is there
	// regex has no form in rsync's language; protect are wider patterns that cover it.
	regex   *regexp.Regexp
	protect []string
	text    string // as written, "" for rules of our own
	why     string // for rules of our own
	src     Source
}

// newRule is a rule for both sides with a pattern in rsync's language.
func newRule(a action, pattern string) rule {
	return rule{action: a, sender: true, receiver: true, pattern: pattern, pat: compile(pattern)}
}

// matches is whether the rule decides for the path. name is its last component.
func (x *rule) matches(path, name []byte, isDir bool) bool {
	if x.regex != nil {
		return regexMatches(x.regex, path, isDir)
	}
	return x.pat.match(path, name, isDir) != x.negate
}

// String is the rule in the short form of --filter.
func (x *rule) String() string {
	var b strings.Builder
	if x.action == actInclude {
		b.WriteByte('+')
	} else {
		b.WriteByte('-')
	}
	if x.negate {
		b.WriteByte('!')
	}
	if x.xattr {
		b.WriteByte('x')
	}
	if x.sender && !x.receiver {
		b.WriteByte('s')
	}
	if x.receiver && !x.sender {
		b.WriteByte('r')
	}
	if x.perishable {
		b.WriteByte('p')
	}
	return b.String() + " " + x.pattern
}

// parseRule reads one rule in rsync's language. actNone: it can't match anything in this tree.
func parseRule(r RsyncRule, root string) (rule, error) {
	x := rule{text: r.Text, src: r.Source}
	fail := func(what, remedy string) (rule, error) {
		return rule{}, &RuleError{Source: r.Source, Text: r.Text, What: what, Remedy: remedy}
	}
	if strings.IndexByte(r.Text, 0) >= 0 {
		return fail("contains a NUL byte", "remove it")
	}
	var mods, pattern string
	if r.Form == FilterForm {
		word, m, p, what := splitRule(r.Text)
		if what != "" {
			return fail(what, `write "- PATTERN" to exclude or "+ PATTERN" to include`)
		}
		if word == '.' || word == ':' || strings.Contains(m, "C") {
			return fail(mergeWords(word), "write the rules of that file here")
		}
		x.action, x.sender, x.receiver = sides(word)
		mods, pattern = m, p
	} else {
		x.action, pattern = oldPrefix(r.Text, r.Form)
		x.sender, x.receiver = true, true
	}
	if x.action == actClear {
		if pattern != "" {
			return fail("has characters after the '!'", `write "!" alone, or "- \!…" for a name`)
		}
		return x, nil
	}
	if pattern == "" {
		return fail("has no pattern", `write "- PATTERN"`)
	}
	abs, bad := x.modify(mods)
	if bad != 0 {
		return fail(fmt.Sprintf("has the unknown modifier %q", string(bad)),
			`the modifiers are / ! s r p x`)
	}
	if abs {
		below, ok, what := relativize(pattern, root)
		if what != "" {
			return fail(what, "write it relative to the tree, with a leading '/' and without the modifier")
		}
		if !ok {
			return rule{action: actNone}, nil
		}
		pattern = below
	}
	x.pattern, x.pat = pattern, compile(pattern)
	return x, nil
}

// modify applies modifiers; bad is the first unknown one.
func (x *rule) modify(mods string) (abs bool, bad byte) {
	var s, r bool
	for i := range len(mods) {
		switch mods[i] {
		case '/':
			abs = true
		case '!':
			x.negate = true
		case 's':
			s = true
		case 'r':
			r = true
		case 'p':
			x.perishable = true
		case 'x':
			x.xattr = true
		default:
			return abs, mods[i]
		}
	}
	if s || r {
		if !x.sender || !x.receiver { // H, S, P and R name their side already
			return abs, mods[strings.IndexAny(mods, "sr")]
		}
		x.sender, x.receiver = s, r
	}
	return abs, 0
}

func sides(word byte) (a action, sender, receiver bool) {
	switch word {
	case '-':
		return actExclude, true, true
	case '+':
		return actInclude, true, true
	case 'H':
		return actExclude, true, false
	case 'S':
		return actInclude, true, false
	case 'P':
		return actExclude, false, true
	case 'R':
		return actInclude, false, true
	}
	return actClear, true, true
}

func mergeWords(word byte) string {
	switch word {
	case '.':
		return "is a merge file, which is not supported"
	case ':':
		return "is a per-directory merge file, which is not supported"
	}
	return "has the modifier C (CVS rules), which is not supported"
}

// splitRule takes a --filter rule apart: its letter, its modifiers, its pattern.
func splitRule(text string) (word byte, mods, pattern, what string) {
	rest := text
	long := map[string]byte{
		"exclude": '-', "include": '+', "hide": 'H', "show": 'S',
		"protect": 'P', "risk": 'R', "clear": '!', "merge": '.', "dir-merge": ':',
	}
	n := strings.IndexAny(text, " _,")
	if n < 0 {
		n = len(text)
	}
	if w, ok := long[text[:n]]; ok {
		word, rest = w, text[n:]
	} else if text != "" && strings.IndexByte("-+HSPR!.:", text[0]) >= 0 {
		word, rest = text[0], text[1:]
	} else {
		return 0, "", "", "is not a filter rule"
	}
	rest = strings.TrimPrefix(rest, ",")
	if word == '!' {
		return word, "", rest, ""
	}
	n = strings.IndexAny(rest, " _")
	if n < 0 {
		return word, rest, "", ""
	}
	return word, rest[:n], rest[n+1:], ""
}

// oldPrefix reads a pattern of --exclude or --include, which may bring "+ ", "- " or be "!".
func oldPrefix(text string, f Form) (action, string) {
	switch {
	case text == "!":
		return actClear, ""
	case strings.HasPrefix(text, "- "):
		return actExclude, text[2:]
	case strings.HasPrefix(text, "+ "):
		return actInclude, text[2:]
	case f == IncludeForm:
		return actInclude, text
	}
	return actExclude, text
}

// relativize turns the pattern of a rule with the modifier "/", which rsync matches against
// absolute paths, into one that is anchored at the root. rsync is given our root as a descriptor,
// so that it could not do it itself. ok is false if the pattern can't match below the root.
func relativize(pattern, root string) (below string, ok bool, what string) {
	root = strings.TrimRight(root, "/")
	switch {
	case !strings.Contains(strings.TrimRight(pattern, "/"), "/"):
		return pattern, true, "" // the last component alone decides
	case pattern[0] != '/':
		return "", false, "has the modifier '/' (absolute paths) with a pattern that does not begin with '/'"
	case strings.HasPrefix(pattern, root+"/") && !strings.ContainsAny(root, `*?[\`):
		return pattern[len(root):], true, ""
	}
	literal := pattern
	if i := strings.IndexAny(pattern, `*?[\`); i >= 0 {
		literal = pattern[:i]
		if strings.HasPrefix(root+"/", literal) {
			return "", false, "has the modifier '/' (absolute paths) and a wildcard within the tree's own path"
		}
	}
	return "", false, ""
}
