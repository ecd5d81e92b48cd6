package filter

import "strings"

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

func (s *byteSet) add(b byte) { s[b>>6] |= 1 << (b & 63) }

func (s *byteSet) remove(b byte) { s[b>>6] &^= 1 << (b & 63) }

func (s *byteSet) addRange(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		s.add(byte(c))
	}
}

func (s *byteSet) invert() {
	for i := range s {
		s[i] = ^s[i]
	}
}

// parseSet reads "[…]" at the start of text: the set and the length of its text; nil if malformed.
func parseSet(text string) (*byteSet, int) {
	var set byteSet
	i := 1
	negate := i < len(text) && (text[i] == '!' || text[i] == '^')
	if negate {
		i++
	}
	prev := 0 // the byte that a '-' would begin a range with; 0: none
	for first := true; ; first = false {
		if i >= len(text) {
			return nil, 0
		}
		c := text[i]
		switch {
		case c == ']' && !first:
			if negate {
				set.invert()
			}
			return &set, i + 1
		case c == '\\':
			i++
			if i == len(text) {
				return nil, 0
			}
			set.add(text[i])
			prev = int(text[i])
		case c == '-' && prev != 0 && i+1 < len(text) && text[i+1] != ']':
			i++
			if text[i] == '\\' {
				i++
				if i == len(text) {
					return nil, 0
				}
			}
			set.addRange(byte(prev), text[i])
			prev = 0
		case c == '[' && i+1 < len(text) && text[i+1] == ':':
			n, ok := set.addNamed(text[i:])
			if !ok {
				return nil, 0
			}
			if n == 0 { // no ":]": a plain bracket
				set.add('[')
				prev = '['
				break
			}
			i += n - 1
			prev = 0
		default:
			set.add(c)
			prev = int(c)
		}
		i++
	}
}

// addNamed adds "[:name:]" at the start of text and gives its length; 0: it is none.
// ok is false if the name is unknown or the bracket never ends.
func (s *byteSet) addNamed(text string) (n int, ok bool) {
	end := strings.IndexByte(text[2:], ']')
	if end < 0 {
		return 0, false
	}
	if end == 0 || text[2+end-1] != ':' {
		return 0, true
	}
	in, known := namedClass(text[2 : 2+end-1])
	if !known {
		return 0, false
	}
	for c := range 128 { // as in the C locale
		if in(byte(c)) {
			s.add(byte(c))
		}
	}
	return 2 + end + 1, true
}

// namedClass is the POSIX class of that name, as <ctype.h> has it in the C locale.
func namedClass(name string) (func(byte) bool, bool) {
	lower := func(c byte) bool { return 'a' <= c && c <= 'z' }
	upper := func(c byte) bool { return 'A' <= c && c <= 'Z' }
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	alnum := func(c byte) bool { return lower(c) || upper(c) || digit(c) }
	graph := func(c byte) bool { return '!' <= c && c <= '~' }
	switch name {
	case "alnum":
		return alnum, true
	case "alpha":
		return func(c byte) bool { return lower(c) || upper(c) }, true
	case "blank":
		return func(c byte) bool { return c == ' ' || c == '\t' }, true
	case "cntrl":
		return func(c byte) bool { return c < ' ' || c == 127 }, true
	case "digit":
		return digit, true
	case "graph":
		return graph, true
	case "lower":
		return lower, true
	case "print":
		return func(c byte) bool { return c == ' ' || graph(c) }, true
	case "punct":
		return func(c byte) bool { return graph(c) && !alnum(c) }, true
	case "space":
		return func(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }, true
	case "upper":
		return upper, true
	case "xdigit":
		return func(c byte) bool {
			return digit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
		}, true
	}
	return nil, false
}
