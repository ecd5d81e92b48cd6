package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
)

// params is what a list of rsync's options asks for.
type params struct {
	args       []string
	filters    []filter.RsyncRule
	hardLinks  bool
	oneFS      bool
	deletes    bool // some --delete was there
	maxDelete  guard.Limit
	noDelete   bool // --max-delete=0
	backup     Backup
	rsh        []string
	port       int
	password   string
	timeout    time.Duration
	conTimeout time.Duration
	bwLimit    int64
}

// classifier reads a list of rsync's options.
type classifier struct {
	*report
	line  int
	where string
	// archive: -a is meant unless parts of it are taken back (YAML, flags). Otherwise (XML) what
	// of -a is not asked for is taken back.
	archive bool
	// rules reads a file of rules (--exclude-from).
	rules func(path string) ([]byte, error)

	p      params
	pieces map[string]bool
	cvs    bool
}

// classify sorts words into what the program does with them.
func (c *classifier) classify(words []string) params {
	c.pieces = map[string]bool{}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			c.fault(c.line, c.where, "\"--\" would begin paths", "remove it: the paths are ours")
		case strings.HasPrefix(word, "--"):
			words = c.long(word[2:], words)
		case len(word) > 1 && word[0] == '-':
			words = c.cluster(word[1:], words)
		default:
			c.fault(c.line, c.where, fmt.Sprintf("%q is not an option, and would be one more source", word),
				"remove it, or write --option=value; commonParams do not pass through a shell")
		}
	}
	c.finishPieces()
	if c.cvs {
		c.p.filters = append(c.p.filters, filter.CVS(filter.Source{File: c.file, Line: c.line})...)
		c.warn(c.line, c.where, "-C: .cvsignore files and CVSIGNORE are not read", "")
	}
	return c.p
}

// long reads --name or --name=value; rest are the words after it.
func (c *classifier) long(word string, rest []string) []string {
	name, value, hasValue := strings.Cut(word, "=")
	o, ok := find(name)
	if !ok {
		if base, no := strings.CutPrefix(name, "no-"); no {
			c.negated(base, word)
			return rest
		}
		c.p.args = append(c.p.args, "--"+word)
		c.warn(c.line, c.where, fmt.Sprintf("--%s is not known here; rsync is given it as it is", name),
			suggestOption(name))
		return rest
	}
	if o.Arg && !hasValue {
		if len(rest) == 0 {
			c.fault(c.line, c.where, "--"+name+" has no value", "write --"+name+"=VALUE")
			return nil
		}
		value, rest = rest[0], rest[1:]
	}
	if !o.Arg && hasValue {
		c.fault(c.line, c.where, fmt.Sprintf("--%s takes no value, but has %q", name, value), "remove it")
		return rest
	}
	text := "--" + name
	if o.Arg {
		text += "=" + value
	}
	c.apply(o, text, value)
	return rest
}

// cluster reads the letters after one dash.
func (c *classifier) cluster(letters string, rest []string) []string {
	for i := 0; i < len(letters); i++ {
		o, ok := findShort(letters[i])
		if !ok && !isAlphanumeric(letters[i]) { // "-0-" must not become "--"
			c.fault(c.line, c.where, fmt.Sprintf("%q is not an option", "-"+letters), "remove it")
			return rest
		}
		if !ok {
			c.p.args = append(c.p.args, "-"+letters[i:i+1])
			c.warn(c.line, c.where, fmt.Sprintf("-%c is not known here; rsync is given it as it is", letters[i]), "")
			continue
		}
		if !o.Arg {
			c.apply(o, "-"+letters[i:i+1], "")
			continue
		}
		value := strings.TrimPrefix(letters[i+1:], "=")
		if i+1 == len(letters) {
			if len(rest) == 0 {
				c.fault(c.line, c.where, fmt.Sprintf("-%c has no value", letters[i]), "write the value after it")
				return nil
			}
			value, rest = rest[0], rest[1:]
		}
		c.apply(o, "--"+o.Long+"="+value, value)
		return rest
	}
	return rest
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// negated reads --no-NAME.
func (c *classifier) negated(base, word string) {
	o, ok := find(base)
	if !ok && len(base) == 1 {
		o, ok = findShort(base[0])
	}
	switch {
	case !ok:
		c.p.args = append(c.p.args, "--"+word)
		c.warn(c.line, c.where, fmt.Sprintf("--%s is not known here; rsync is given it as it is", word), "")
	case o.Effect == Piece || o.Effect == Keep || o.Effect == KeepWarn || o.Long == "numeric-ids":
		c.p.args = append(c.p.args, "--"+word)
	case o.Long == "one-file-system":
		c.p.oneFS = false
	case o.Long == "hard-links":
		c.p.hardLinks = false
	case o.Long == "motd" || o.Effect == Refuse:
		// --no-motd is always given; what is refused is off anyway.
	case o.Long == "implied-dirs":
		c.warn(c.line, c.where, "--"+word+" is dropped: "+o.Why, "")
	default:
		c.warn(c.line, c.where, fmt.Sprintf("--%s is dropped: every run needs or sets what it would turn off", word), "")
	}
}

// apply does what the table says about an option. text is how rsync would be given it.
func (c *classifier) apply(o Option, text, value string) {
	switch o.Effect {
	case KeepWarn:
		c.warn(c.line, c.where, text+": "+o.Why, "")
		c.p.args = append(c.p.args, text)
	case Keep:
		if o.Long == "acls" { // implies -p
			c.pieces["perms"] = true
		}
		c.p.args = append(c.p.args, text)
	case Drop:
		if o.Long != "implied-dirs" {
			c.warn(c.line, c.where, text+" is dropped: "+o.Why, "")
		}
	case Refuse:
		c.fault(c.line, c.where, text+" can't be used: "+o.Why, "remove it")
	case Archive:
		c.archive = true
	case Piece:
		c.piece(o.Long)
	case FilterRule:
		c.filterRule(o, value)
	case Setting:
		c.setting(o, text, value)
	}
}

func (c *classifier) piece(name string) {
	if name == "D" {
		c.pieces["devices"], c.pieces["specials"] = true, true
		return
	}
	c.pieces[name] = true
}

// finishPieces takes back what of -a nobody asked for.
func (c *classifier) finishPieces() {
	if c.archive {
		return
	}
	var no []string
	for _, name := range []string{"links", "perms", "group", "owner", "devices", "specials"} {
		if !c.pieces[name] {
			no = append(no, "--no-"+name)
		}
	}
	c.p.args = append(no, c.p.args...)
	if !c.pieces["links"] {
		c.warn(c.line, c.where, "neither -a nor -l is given: symlinks are not mirrored", "add -l")
	}
}

func suggestOption(name string) string {
	var known []string
	for _, o := range Options() {
		if o.Long != "" {
			known = append(known, "--"+o.Long)
		}
	}
	return suggest("--"+name, known)
}
