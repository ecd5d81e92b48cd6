package filter

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// addFolded adds a rune, and where fold is set its other cases, as far as they are bytes.
func addFolded(set *byteSet, r rune, fold bool) {
	for c := r; ; {
		if c > 0 && c <= 255 {
			set.add(byte(c))
		}
		if !fold {
			return
		}
		if c = unicode.SimpleFold(c); c == r {
			return
		}
	}
}

// settle resolves ^ and $ and merges neighbouring stars. ok is false if nothing can match.
func (s sequence) settle() (sequence, bool) {
	// Before ^ and after $ only what may be empty can stand, and then it is empty.
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].op == opBegin {
			if !onlyStars(s[:i]) {
				return nil, false
			}
			s = s[i+1:]
			break
		}
	}
	for i := range s {
		if s[i].op == opEnd {
			if !onlyStars(s[i+1:]) {
				return nil, false
			}
			s = s[:i]
			break
		}
	}
	var out sequence
	for _, in := range s {
		n := len(out)
		switch {
		case in.isStar() && n > 0 && out[n-1].isStar():
			out[n-1].op = max(out[n-1].op, in.op) // opStarStar is the larger
		case instruction(in).isLiteral('/') && n > 0 && out[n-1].isLiteral('/'):
			return nil, false // no form of a path has two slashes in a row
		default:
			out = append(out, in)
		}
	}
	return out, true
}

func onlyStars(s sequence) bool {
	for _, in := range s {
		if !in.isStar() && in.op != opBegin && in.op != opEnd {
			return false
		}
	}
	return true
}

// shape is a pattern of rsync's language, anchored at the root.
type shape struct {
	seq     sequence
	dirOnly bool // "x/"
	below   bool // "x/***": x if it is a directory, and all below it
}

// shapes are the patterns for all forms in which regexMatches tries a path.
func (s sequence) shapes() []shape {
	all := s.pathShapes()
	// The forms with a leading slash exist only for paths with a slash inside.
	rest := s
	if len(rest) > 0 && rest[0].isStar() {
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0].isLiteral('/') {
		for _, x := range rest[1:].pathShapes() {
			all = append(all, x.deep()...)
		}
	}
	return all
}

// pathShapes are the patterns for the path itself and, for a directory, the path with a slash
// appended.
func (s sequence) pathShapes() []shape {
	n := len(s)
	if n == 0 || s[0].isLiteral('/') {
		return nil
	}
	last := s[n-1]
	afterSlash := n >= 2 && s[n-2].isLiteral('/')
	switch {
	case last.isLiteral('/'):
		return []shape{{seq: s[:n-1], dirOnly: true}}
	case afterSlash && last.op == opStarStar:
		return []shape{{seq: s[:n-2], below: true}}
	case afterSlash && last.op == opStar:
		return []shape{{seq: s}, {seq: s[:n-2], dirOnly: true}}
	}
	return []shape{{seq: s}}
}

// deep restricts a shape to paths with a slash inside.
func (x shape) deep() []shape {
	if slices.ContainsFunc(x.seq, func(in instruction) bool { return in.isLiteral('/') }) {
		return []shape{x}
	}
	var all []shape
	if x.below { // not x itself, but what is below it
		all = append(all, shape{seq: slices.Concat(x.seq, sequence{
			{op: opByte, b: '/'}, {op: opStarStar},
		})})
	}
	// Some double star takes the first slash; those before it take none.
	var head sequence
	for i, in := range x.seq {
		if in.op != opStarStar {
			head = append(head, in)
			continue
		}
		seq := slices.Concat(head, sequence{{op: opStar}, {op: opByte, b: '/'}}, x.seq[i:])
		all = append(all, shape{seq: seq, dirOnly: x.dirOnly, below: x.below})
		head = append(head, instruction{op: opStar})
	}
	return all
}

// text is the pattern in rsync's syntax.
func (x shape) text() string {
	seq := x.seq
	wild := x.below || slices.ContainsFunc(seq, func(in instruction) bool {
		return in.op != opByte || strings.IndexByte("*?[", in.b) >= 0
	})
	var b strings.Builder
	if !x.below && len(seq) > 1 && seq[0].op == opStarStar && inOneName(seq[1:]) {
		// "**.gz" from the start is "*.gz" on the last component: shorter, and quicker to match.
		b.WriteByte('*')
		seq = seq[1:]
	} else {
		b.WriteByte('/')
	}
	for _, in := range seq {
		in.appendTo(&b, wild)
	}
	switch {
	case x.below:
		b.WriteString("/***")
	case x.dirOnly:
		b.WriteByte('/')
	}
	return b.String()
}

func inOneName(s sequence) bool {
	return !slices.ContainsFunc(s, func(in instruction) bool {
		return in.op == opStarStar || in.isLiteral('/')
	})
}

// appendTo writes one instruction. wild is whether the pattern has a wildcard, and so escapes.
func (in instruction) appendTo(b *strings.Builder, wild bool) {
	switch in.op {
	case opByte:
		switch {
		case strings.IndexByte("*?[", in.b) >= 0:
			// A class, so that a star beside it is not taken for a double one.
			fmt.Fprintf(b, "[%c]", in.b)
		case in.b == '\\' && wild:
			b.WriteString(`\\`)
		default:
			b.WriteByte(in.b)
		}
	case opAny:
		b.WriteByte('?')
	case opStar:
		b.WriteByte('*')
	case opStarStar:
		b.WriteString("**")
	case opSet:
		in.set.appendTo(b)
	}
}

// appendTo writes the set as a class without the slash, which a class never matches.
func (s *byteSet) appendTo(b *strings.Builder) {
	put := func(c int) {
		if strings.IndexByte(`\[]^!-`, byte(c)) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(byte(c))
	}
	b.WriteByte('[')
	for lo := 1; lo < 256; lo++ {
		if lo == '/' || !s.has(byte(lo)) {
			continue
		}
		hi := lo
		for hi+1 < 256 && hi+1 != '/' && s.has(byte(hi+1)) {
			hi++
		}
		put(lo)
		if hi > lo+1 {
			b.WriteByte('-')
		}
		if hi > lo {
			put(hi)
		}
		lo = hi
	}
	b.WriteByte(']')
}
