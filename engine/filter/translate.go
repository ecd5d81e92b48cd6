package filter

import (
	"regexp"
	"regexp/syntax"
	"slices"
)

// maxSequences bounds how many alternatives of an expression become patterns of their own.
const maxSequences = 64

// translation is an expression in rsync's language.
type translation struct {
	patterns []string
	exact    bool // false: the patterns match more than the expression does
}

// translate turns an expression into anchored patterns that exclude what regexMatches does.
func translate(re *regexp.Regexp) translation {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil { // it was compiled from the same text
		return translation{patterns: []string{"**"}}
	}
	e := expander{exact: true}
	var t translation
	for _, seq := range e.expand(tree.Simplify()) {
		seq, ok := seq.settle()
		if !ok {
			continue
		}
		for _, s := range seq.shapes() {
			if text := s.text(); !slices.Contains(t.patterns, text) {
				t.patterns = append(t.patterns, text)
			}
		}
	}
	t.exact = e.exact
	return t
}

// sequence is one alternative of an expression: single bytes, sets and stars; begin and end
// stand for ^ and $.
type sequence program

const (
	opBegin op = iota + 100
	opEnd
)

// expander turns an expression's tree into sequences. What a sequence can't say becomes a star,
// and exact false.
type expander struct{ exact bool }

func (e *expander) expand(re *syntax.Regexp) []sequence {
	switch re.Op {
	case syntax.OpNoMatch:
		return nil
	case syntax.OpEmptyMatch:
		return []sequence{nil}
	case syntax.OpLiteral:
		return e.literal(re)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return setSequences(runeSet(re))
	case syntax.OpBeginText:
		return []sequence{{{op: opBegin}}}
	case syntax.OpEndText:
		return []sequence{{{op: opEnd}}}
	case syntax.OpCapture:
		return e.expand(re.Sub[0])
	case syntax.OpQuest:
		return append([]sequence{nil}, e.expand(re.Sub[0])...)
	case syntax.OpStar:
		return e.star(re.Sub[0])
	case syntax.OpPlus:
		return e.product(e.expand(re.Sub[0]), e.star(re.Sub[0]))
	case syntax.OpConcat:
		all := []sequence{nil}
		for _, sub := range re.Sub {
			all = e.product(all, e.expand(sub))
		}
		return all
	case syntax.OpAlternate:
		var all []sequence
		for _, sub := range re.Sub {
			all = append(all, e.expand(sub)...)
		}
		if len(all) > maxSequences {
			return e.anything()
		}
		return all
	}
	return e.anything() // word boundaries, lines
}

// anything stands for what can't be said.
func (e *expander) anything() []sequence {
	e.exact = false
	return []sequence{{{op: opStarStar}}}
}

// product is every sequence of a followed by every one of b.
func (e *expander) product(a, b []sequence) []sequence {
	if len(a)*len(b) > maxSequences {
		return e.anything()
	}
	all := make([]sequence, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			all = append(all, slices.Concat(x, y))
		}
	}
	return all
}

func (e *expander) literal(re *syntax.Regexp) []sequence {
	all := []sequence{nil}
	for _, r := range re.Rune {
		var set byteSet
		addFolded(&set, r, re.Flags&syntax.FoldCase != 0)
		all = e.product(all, setSequences(&set))
	}
	return all
}

func (e *expander) star(sub *syntax.Regexp) []sequence {
	for sub.Op == syntax.OpCapture {
		sub = sub.Sub[0]
	}
	set := runeSet(sub)
	if set == nil {
		if sub.Op == syntax.OpEmptyMatch {
			return []sequence{nil}
		}
		return e.anything()
	}
	var noSlash, slash byteSet
	noSlash.addRange(1, 255)
	noSlash.remove('/')
	slash.add('/')
	withSlash := set.has('/')
	set.remove('/')
	switch {
	case withSlash && *set == noSlash:
		return []sequence{{{op: opStarStar}}}
	case *set == noSlash:
		return []sequence{{{op: opStar}}}
	case withSlash && *set == (byteSet{}):
		// A path has no two slashes in a row, so "/*" is one or none.
		return []sequence{nil, {{op: opByte, b: '/'}}}
	}
	e.exact = false
	if withSlash {
		return []sequence{{{op: opStarStar}}}
	}
	return []sequence{{{op: opStar}}}
}

// runeSet is the bytes that a single-rune expression matches, without NUL; nil if it is not one.
func runeSet(re *syntax.Regexp) *byteSet {
	var set byteSet
	switch re.Op {
	case syntax.OpAnyChar:
		set.addRange(1, 255)
	case syntax.OpAnyCharNotNL:
		set.addRange(1, 255)
		set.remove('\n')
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1] && r <= 255; r++ {
				if r > 0 {
					set.add(byte(r))
				}
			}
		}
	case syntax.OpLiteral:
		if len(re.Rune) != 1 {
			return nil
		}
		addFolded(&set, re.Rune[0], re.Flags&syntax.FoldCase != 0)
	default:
		return nil
	}
	return &set
}

// setSequences is one byte of the set. In rsync's language neither "?" nor a class matches a
// slash, so that one is a sequence of its own.
func setSequences(set *byteSet) []sequence {
	var all []sequence
	if set.has('/') {
		all = append(all, sequence{{op: opByte, b: '/'}})
		set.remove('/')
	}
	n, last := 0, byte(0)
	for c := 1; c < 256; c++ {
		if set.has(byte(c)) {
			n, last = n+1, byte(c)
		}
	}
	switch n {
	case 0:
		return all
	case 1:
		return append(all, sequence{{op: opByte, b: last}})
	case 254: // all but NUL and the slash
		return append(all, sequence{{op: opAny}})
	}
	return append(all, sequence{{op: opSet, set: set}})
}
