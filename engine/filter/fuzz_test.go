package filter

import (
	"regexp"
	"testing"
)

// wildcard is a slow, plainly right matcher: it tries everything.
func wildcard(p program, text []byte) bool {
	if len(p) == 0 {
		return len(text) == 0
	}
	switch in := p[0]; in.op {
	case opStar, opStarStar:
		for i := 0; ; i++ {
			if wildcard(p[1:], text[i:]) {
				return true
			}
			if i == len(text) || in.op == opStar && text[i] == '/' {
				return false
			}
		}
	default:
		return len(text) > 0 && in.accepts(text[0]) && wildcard(p[1:], text[1:])
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b/**/c?", "axb/y/z/cd")
	f.Add("**/x*y**z", "a/xbyccz")
	f.Add("[a-c]*[!x]", "abc")
	f.Add(`\**[[:alpha:]]`, "*b")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 24 {
			return
		}
		p := parseProgram(pattern)
		if got, want := p.match([]byte(text)), wildcard(p, []byte(text)); got != want {
			t.Errorf("%q on %q: %v, want %v", pattern, text, got, want)
		}
	})
}

// A translated expression excludes exactly what the expression does, an inexact one at least that.
func FuzzTranslate(f *testing.F) {
	for _, e := range []string{
		`(.*)\.svn`, `^info/*`, `/.*\.gz`, `.*/c.*/.*`, `[^/]*/x`, `a(b|/c)?d*`,
		`(?i)x.y$`, `a{2,3}/[a-z]`, `.+`, `.*\.[0-9]+`, `/[^/]*/.*`, `(|/).*/`,
	} {
		f.Add(e, "a/b.c/info", true)
		f.Add(e, "x.gz", false)
	}
	f.Fuzz(func(t *testing.T, expr, path string, isDir bool) {
		if !validPath(path) || len(expr) > 40 || len(path) > 60 {
			return
		}
		re, err := compileRegex(Regex{Expr: expr})
		if err != nil {
			return
		}
		checkTranslation(t, re, path, isDir)
	})
}

func checkTranslation(t *testing.T, re *regexp.Regexp, path string, isDir bool) {
	t.Helper()
	tr := translate(re)
	want := regexMatches(re, []byte(path), isDir)
	got := false
	for _, text := range tr.patterns {
		p := compile(text)
		name := path
		for i := range path {
			if path[i] == '/' {
				name = path[i+1:]
			}
		}
		got = got || p.match([]byte(path), []byte(name), isDir)
	}
	if got != want && (tr.exact || want) {
		t.Errorf("%s on %q (dir %v): %v, want %v; exact %v, patterns %q",
			re, path, isDir, got, want, tr.exact, tr.patterns)
	}
}

func validPath(p string) bool {
	if p == "" || p[0] == '/' || p[len(p)-1] == '/' {
		return false
	}
	for i := range len(p) {
		if p[i] == 0 || p[i] == '/' && p[i+1] == '/' {
			return false
		}
	}
	return true
}

// FuzzParse: no rule text panics, and what is accepted is accepted again in the form for rsync.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"- *.o", "exclude,!r x", "P /a/***", ": x", "!", "-/ /r/x", "-_[[:alpha:]"} {
		f.Add(s, "a/b")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		x, err := parseRule(RsyncRule{Text: text}, "/r")
		if err != nil || x.action == actClear || x.action == actNone {
			return
		}
		again, err := parseRule(RsyncRule{Text: x.String()}, "/r")
		if err != nil {
			t.Fatalf("%q became %q: %v", text, x.String(), err)
		}
		if again.String() != x.String() {
			t.Errorf("%q became %q became %q", text, x.String(), again.String())
		}
		p := []byte(path)
		if x.matches(p, p, true) != again.matches(p, p, true) {
			t.Errorf("%q and %q differ on %q", text, x.String(), path)
		}
	})
}
