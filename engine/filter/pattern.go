package filter

import (
	"bytes"
	"strings"
)

// pattern is a compiled pattern of rsync's language: rsync(1), PATTERN MATCHING RULES, and where
// the page is silent what exclude.c and wildmatch.c of rsync 3.5.0 do.
type pattern struct {
	dirOnly  bool // it had a trailing slash
	nameOnly bool // no slash and no "**": the last component alone is matched
	anchored bool
	from     from
	elements int // fromTail: how many components at the end of the path are matched
	// literal is the whole pattern where it has no wildcard (a backslash is a plain character then).
	literal []byte
	wild    bool
	// suffix, prefix: the pattern is "*suffix" or "prefix*" and nameOnly.
	suffix, prefix []byte
	progs          []program // any that matches will do
	dirProgs       []program // tried for directories only ("x/***" matches x itself)
}

// from says where in the path a wildcard pattern may begin to match.
type from uint8

const (
	fromStart from = iota
	fromTail       // the last elements components
	fromSlash      // the start, and after every slash
)

// compile never fails: a malformed class or a trailing backslash matches nothing, as in rsync.
func compile(text string) pattern {
	var p pattern
	if len(text) > 1 && strings.HasSuffix(text, "/") {
		p.dirOnly = true
		text = text[:len(text)-1]
	}
	slashes := strings.Count(text, "/")
	p.wild = strings.ContainsAny(text, "*[?")
	two := p.wild && strings.Contains(text, "**")
	twoFirst := two && strings.HasPrefix(text, "**")
	threeLast := two && strings.HasSuffix(text, "***")
	p.nameOnly = slashes == 0 && !two
	text, p.anchored = strings.CutPrefix(text, "/")
	switch {
	case p.anchored:
	case slashes > 0 && !two:
		p.from, p.elements = fromTail, slashes+1
	case two && !twoFirst:
		p.from = fromSlash
	}
	if !p.wild {
		p.literal = []byte(text)
		return p
	}
	prog := parseProgram(text)
	p.progs = []program{prog}
	if twoFirst && !p.nameOnly {
		// A leading "**/" also matches nothing: rsync puts a slash in front of the path.
		if rest := prog[1:]; len(rest) > 0 && rest[0].isLiteral('/') {
			p.progs = append(p.progs, rest[1:])
		}
	}
	if threeLast {
		// rsync appends a slash to a directory's path: "x/***" matches x as well.
		for _, q := range p.progs {
			if n := len(q) - 1; n > 0 && q[n-1].isLiteral('/') {
				p.dirProgs = append(p.dirProgs, q[:n-1])
			}
		}
	}
	p.shortcut(prog)
	return p
}

// shortcut recognises the two commonest wildcard patterns.
func (p *pattern) shortcut(prog program) {
	if !p.nameOnly || len(prog) < 2 {
		return
	}
	if lit, ok := prog[1:].literal(); ok && prog[0].op == opStar {
		p.suffix = lit
	} else if lit, ok := prog[:len(prog)-1].literal(); ok && prog[len(prog)-1].op == opStar {
		p.prefix = lit
	}
}

// match is whether the pattern matches; name is the last component of path.
func (p *pattern) match(path, name []byte, isDir bool) bool {
	if p.dirOnly && !isDir {
		return false
	}
	text := path
	if p.nameOnly {
		text = name
	}
	switch {
	case p.suffix != nil:
		return bytes.HasSuffix(text, p.suffix)
	case p.prefix != nil:
		return bytes.HasPrefix(text, p.prefix)
	case p.wild:
		return p.matchWild(p.progs, text) || isDir && p.matchWild(p.dirProgs, text)
	case p.anchored:
		return bytes.Equal(text, p.literal)
	}
	n := len(text) - len(p.literal)
	return bytes.HasSuffix(text, p.literal) && (n == 0 || text[n-1] == '/')
}

func (p *pattern) matchWild(progs []program, text []byte) bool {
	for _, prog := range progs {
		switch p.from {
		case fromStart:
			if prog.match(text) {
				return true
			}
		case fromTail:
			if tail, ok := lastElements(text, p.elements); ok && prog.match(tail) {
				return true
			}
		case fromSlash:
			for rest, more := text, true; more; {
				if prog.match(rest) {
					return true
				}
				i := bytes.IndexByte(rest, '/')
				rest, more = rest[i+1:], i >= 0
			}
		}
	}
	return false
}

// lastElements is the last n components of path; false if it has fewer.
func lastElements(path []byte, n int) ([]byte, bool) {
	at := len(path)
	for ; n > 0; n-- {
		if at < 0 {
			return nil, false
		}
		at = bytes.LastIndexByte(path[:at], '/')
		if at < 0 {
			return path, n == 1
		}
	}
	return path[at+1:], true
}

// escape makes a pattern that matches exactly this path or name. Without a wildcard in it a
// backslash is plain to rsync, with one it escapes.
func escape(path string) string {
	if !strings.ContainsAny(path, "*?[") {
		return path
	}
	var b strings.Builder
	for i := range len(path) {
		if strings.IndexByte(`*?[\`, path[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(path[i])
	}
	return b.String()
}
