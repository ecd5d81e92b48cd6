package rsyncexec

import "bytes"

// outFormat is what rsync prints of each change: the itemized field, the length, the name. The
// field has eleven characters since rsync 3.0; the name comes last because it may hold anything.
// rsync's own -i would add " -> target" and " => link", which a name may contain too.
const outFormat = "%i %l %n"

const itemizedLen = 11

var deleting = []byte("*deleting  ")

// change is one line of rsync's output.
type change struct {
	action byte // '<' sent, '>' received, 'c' created, 'h' hard link, '.' attributes, '*' deleted
	kind   byte // 'f' file, 'd' directory, 'L' symlink, 'D' device, 'S' special; 0 of a deletion
	isNew  bool // it was not there
	size   int64
	name   []byte // decoded, without a directory's slash; "" is the root
	dir    bool

	equal  bool // nothing is different; only said of files when asked to
	onTime bool // the content is taken for different by its time alone
}

// parseChange reads a line of outFormat, decoding the name in place. Other lines, which rsync
// prints among them, are not ok. A name can't fake one: rsync escapes newlines.
func parseChange(line []byte) (c change, ok bool) {
	if len(line) < itemizedLen+len(" 0 x") || line[itemizedLen] != ' ' {
		return c, false
	}
	field, rest := line[:itemizedLen], line[itemizedLen+1:]
	if !c.field(field) {
		return c, false
	}
	space := bytes.IndexByte(rest, ' ')
	if space <= 0 || space == len(rest)-1 {
		return c, false
	}
	for _, d := range rest[:space] {
		if d < '0' || d > '9' {
			return c, false
		}
		c.size = c.size*10 + int64(d-'0')
	}
	c.name = decodeName(rest[space+1:])
	if n := len(c.name) - 1; n >= 0 && c.name[n] == '/' {
		c.name, c.dir = c.name[:n], true
	}
	if string(c.name) == "." {
		c.name = c.name[:0]
	}
	return c, true
}

func (c *change) field(f []byte) bool {
	c.action = f[0]
	if bytes.Equal(f, deleting) {
		return true
	}
	c.kind = f[1]
	if bytes.IndexByte([]byte("<>ch."), c.action) < 0 || bytes.IndexByte([]byte("fdLDS"), c.kind) < 0 {
		return false
	}
	for _, b := range f[2:] {
		if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && b != '.' && b != '+' && b != '?' && b != ' ' {
			return false
		}
	}
	c.isNew = f[2] == '+'
	c.equal = len(bytes.TrimRight(f[2:], " ")) == 0
	c.onTime = f[2] == '.' && f[3] == '.' && f[4] == 't' && c.action != '.'
	return true
}

// decodeName undoes rsync's escaping in place: a byte that can't be printed is \#ooo, octal, and
// so is the backslash of a name that looks like that.
func decodeName(name []byte) []byte {
	i := bytes.Index(name, []byte(`\#`))
	if i < 0 {
		return name
	}
	out := name[:i]
	for i < len(name) {
		if b, ok := escaped(name[i:]); ok {
			out = append(out, b)
			i += 5
			continue
		}
		out = append(out, name[i])
		i++
	}
	return out
}

func escaped(s []byte) (byte, bool) {
	if len(s) < 5 || s[0] != '\\' || s[1] != '#' {
		return 0, false
	}
	value := 0
	for _, d := range s[2:5] {
		if d < '0' || d > '7' {
			return 0, false
		}
		value = value*8 + int(d-'0')
	}
	return byte(value), value < 256
}
