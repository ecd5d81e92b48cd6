package filter

type op uint8

const (
	opByte     op = iota // exactly this byte
	opAny                // one byte, not a slash: "?"
	opSet                // one byte of a set, not a slash: "[…]"
	opStar               // any number of bytes, no slash: "*"
	opStarStar           // any number of bytes: "**"
	opNever              // a malformed class, a trailing backslash: nothing matches
)

type instruction struct {
	op  op
	b   byte
	set *byteSet
}

func (in instruction) isLiteral(b byte) bool { return in.op == opByte && in.b == b }

func (in instruction) isStar() bool { return in.op == opStar || in.op == opStarStar }

// accepts is whether a single-byte instruction takes b.
func (in instruction) accepts(b byte) bool {
	switch in.op {
	case opByte:
		return b == in.b
	case opAny:
		return b != '/'
	case opSet:
		return b != '/' && in.set.has(b)
	}
	return false
}

// program is a wildcard pattern.
type program []instruction

// parseProgram reads a pattern that has a wildcard in it.
func parseProgram(text string) program {
	var p program
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			i++
			if i == len(text) {
				return append(p, instruction{op: opNever})
			}
			p = append(p, instruction{op: opByte, b: text[i]})
		case '?':
			p = append(p, instruction{op: opAny})
		case '*':
			star := opStar
			for i+1 < len(text) && text[i+1] == '*' {
				star = opStarStar
				i++
			}
			p = append(p, instruction{op: star})
		case '[':
			set, n := parseSet(text[i:])
			if set == nil {
				return append(p, instruction{op: opNever})
			}
			p = append(p, instruction{op: opSet, set: set})
			i += n - 1
		default:
			p = append(p, instruction{op: opByte, b: c})
		}
	}
	return p
}

// literal is the bytes of a program that has nothing else.
func (p program) literal() ([]byte, bool) {
	lit := make([]byte, 0, len(p))
	for _, in := range p {
		if in.op != opByte {
			return nil, false
		}
		lit = append(lit, in.b)
	}
	return lit, true
}

// match is whether the program matches the whole text.
//
// It keeps the last star and the last double star to come back to. That is enough: a single star
// can't take a slash, so the slashes after the last double star align in one way only, and within
// a component (as after a double star) the shortest match of an earlier star leaves the most to
// the later one.
func (p program) match(text []byte) bool {
	const none = -1
	var i, t int
	star, starText := none, 0
	double, doubleText := none, 0
	for {
		if i == len(p) && t == len(text) {
			return true
		}
		switch {
		case i < len(p) && p[i].op == opStarStar:
			double, doubleText, star = i, t, none
			i++
			continue
		case i < len(p) && p[i].op == opStar:
			star, starText = i, t
			i++
			continue
		case i < len(p) && t < len(text) && p[i].accepts(text[t]):
			i++
			t++
			continue
		}
		if star != none && starText < len(text) && text[starText] != '/' {
			starText++
			i, t = star+1, starText
			continue
		}
		if double == none || doubleText == len(text) {
			return false
		}
		doubleText++
		star = none
		i, t = double+1, doubleText
	}
}
