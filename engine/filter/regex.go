package filter

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// addRegex appends the rules that an expression of sersync2 becomes.
func (r *Rules) addRegex(x Regex) error {
	re, err := compileRegex(x)
	if err != nil {
		return err
	}
	tr := translate(re)
	add := func(rl rule) {
		rl.text, rl.src = x.Expr, x.Source
		r.all = append(r.all, rl)
	}
	switch {
	case tr.exact && len(tr.patterns) == 0:
		r.warnings = append(r.warnings, neverMatches(x))
	case tr.exact:
		for _, p := range tr.patterns {
			add(newRule(actExclude, p))
		}
	default:
		r.warnings = append(r.warnings, Warning{
			Source: x.Source, Text: x.Expr,
			What:   "has no equivalent in rsync's language: a full pass first walks the tree for what it excludes",
			Remedy: "write it as rsync rules if full passes should be quicker",
		})
		add(rule{action: actExclude, sender: true, receiver: true, regex: re, protect: tr.patterns})
	}
	return nil
}

// compileRegex compiles an expression for matching whole strings, byte by byte.
func compileRegex(x Regex) (*regexp.Regexp, error) {
	fail := func(what, remedy string) error {
		return &RuleError{Source: x.Source, Text: x.Expr, What: what, Remedy: remedy}
	}
	if x.Expr == "" {
		return nil, fail("is empty", "remove the element")
	}
	if what := unsupported(x.Expr); what != "" {
		return nil, fail("uses "+what+", which is not supported",
			"write it without, or as an rsync rule (commonParams --exclude=…, YAML filter)")
	}
	expr := string(widen(nil, []byte(x.Expr)))
	_, err := regexp.Compile(expr) // alone first: what it says is about what was written
	if err == nil {
		// boost's "." also matches a newline.
		var re *regexp.Regexp
		if re, err = regexp.Compile(`(?s)\A(?:` + expr + `)\z`); err == nil {
			return re, nil
		}
	}
	remedy := "correct the expression; it must match the whole name or path"
	if likely := globToRegex(x.Expr); likely != "" {
		remedy = fmt.Sprintf("it looks like a shell pattern; as an expression it is %q", likely)
	}
	what := "is not a valid expression"
	var se *syntax.Error
	if errors.As(err, &se) {
		what += ": " + se.Code.String()
		what += fmt.Sprintf(" at %q", narrow(se.Expr))
	}
	return nil, fail(what, remedy)
}

// regexMatches is whether the expression matches any string that sersync2 could have used for the
// path, or the path without the leading slash.
func regexMatches(re *regexp.Regexp, path []byte, isDir bool) bool {
	// All forms are parts of "/path/".
	form := make([]byte, 1, 2*len(path)+2)
	form[0] = '/'
	form = widen(form, path)
	n := len(form)
	form = append(form, '/')
	deep := bytes.IndexByte(path, '/') >= 0
	return re.Match(form[1:n]) ||
		isDir && re.Match(form[1:]) ||
		deep && re.Match(form[:n]) ||
		deep && isDir && re.Match(form)
}

// widen appends each byte of s as the rune of that value. boost::regex matched bytes; Go matches
// runes, and neither an expression nor a name need be valid UTF-8.
func widen(dst, s []byte) []byte {
	for _, c := range s {
		if c < 0x80 {
			dst = append(dst, c)
		} else {
			dst = append(dst, 0xc0|c>>6, 0x80|c&0x3f)
		}
	}
	return dst
}

// narrow undoes widen.
func narrow(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// unsupported names the first construct of boost's Perl syntax that Go's regexp lacks, or that it
// would silently read as something else.
func unsupported(expr string) string {
	for i := 0; i < len(expr); i++ {
		switch expr[i] {
		case '\\':
			if i+1 < len(expr) {
				if expr[i+1] == 'Q' { // literal up to \E
					n := strings.Index(expr[i:], `\E`)
					if n < 0 {
						return ""
					}
					i += n
				} else if what := escapeWords(expr[i+1]); what != "" {
					return fmt.Sprintf("%s (%q)", what, expr[i:i+2])
				}
			}
			i++
		case '[':
			i += classLength(expr[i:]) - 1
		case '(':
			for _, g := range groups {
				if strings.HasPrefix(expr[i:], g.text) {
					return fmt.Sprintf("%s (%q)", g.what, g.text)
				}
			}
		case '*', '+', '?', '}':
			if i > 0 && i+1 < len(expr) && expr[i+1] == '+' {
				return fmt.Sprintf("a possessive quantifier (%q)", expr[i:i+2])
			}
		}
	}
	return ""
}

// groups are the "(…" constructs that Go lacks.
var groups = []struct{ text, what string }{
	{"(?=", "lookahead"},
	{"(?!", "negative lookahead"},
	{"(?<=", "lookbehind"},
	{"(?<!", "negative lookbehind"},
	{"(?>", "an atomic group"},
	{"(?|", "a branch reset group"},
	{"(?#", "a comment group"},
	{"(?(", "a conditional group"},
	{"(?R", "recursion"},
	{"(?&", "recursion"},
	{"(?P>", "recursion"},
	{"(?P=", "a backreference"},
	{"(?0", "recursion"},
	{"(?1", "recursion"},
	{"(?2", "recursion"},
	{"(?3", "recursion"},
	{"(?x", "the extended syntax"},
	{"(*COMMIT", "a backtracking verb"},
	{"(*PRUNE", "a backtracking verb"},
	{"(*SKIP", "a backtracking verb"},
	{"(*FAIL", "a backtracking verb"},
	{"(*THEN", "a backtracking verb"},
	{"(*ACCEPT", "a backtracking verb"},
}

// escapeWords names an escape that Go lacks or reads differently.
func escapeWords(c byte) string {
	switch c {
	case '1', '2', '3', '4', '5', '6', '7', '8', '9', 'g', 'k':
		return "a backreference"
	case '<', '>':
		return "a word boundary that only boost knows"
	case '`', '\'', 'Z', 'G':
		return "a buffer boundary that only boost knows"
	case 'K', 'X', 'R', 'C', 'N':
		return "an escape that only Perl syntax knows"
	case 'l', 'u', 'L', 'U', 'h', 'H', 'V':
		return "a character class that only boost knows"
	}
	return ""
}

// classLength is the length of the bracket expression at the start of s, at least 1.
func classLength(s string) int {
	i := 1
	if i < len(s) && s[i] == '^' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	for i < len(s) {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], "[:"):
			if n := strings.Index(s[i:], ":]"); n > 0 {
				i += n + 1
			}
		case s[i] == ']':
			return i + 1
		}
		i++
	}
	return 1
}

// globToRegex is the expression that a shell pattern means; "" if expr does not look like one.
func globToRegex(expr string) string {
	if !strings.HasPrefix(expr, "*") && !strings.HasPrefix(expr, "?") {
		return ""
	}
	var b strings.Builder
	for i := range len(expr) {
		switch expr[i] {
		case '*':
			b.WriteString("(.*)")
		case '?':
			b.WriteByte('.')
		default:
			b.WriteString(regexp.QuoteMeta(expr[i : i+1]))
		}
	}
	return b.String()
}

func neverMatches(x Regex) Warning {
	w := Warning{Source: x.Source, Text: x.Expr, What: "can never match a path of the tree"}
	if strings.HasPrefix(strings.TrimPrefix(x.Expr, "^"), "/") {
		w.What += ": entries of the tree's own directory are matched without a leading slash"
		w.Remedy = fmt.Sprintf("likely meant: %q", "^"+strings.TrimPrefix(strings.TrimPrefix(x.Expr, "^"), "/"))
	} else {
		w.Remedy = "an expression must match the whole name or path"
	}
	return w
}
