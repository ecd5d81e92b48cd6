package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// cleaner turns what people write into XML that encoding/xml reads, with every element on its
// line. Comments, declarations and text become blanks; attribute values are escaped; a byte that
// is no ASCII becomes a private rune, which restore turns back, so that no encoding matters.
type cleaner struct {
	*report
	src  []byte
	at   int
	line int
	out  bytes.Buffer
}

// privateRune is where the bytes 0x80-0xff are mapped to: U+E080-U+E0FF.
const privateRune = 0xe000

// clean gives the XML to be decoded, or false if what is broken can't be told from the rest.
func clean(src []byte, r *report) ([]byte, bool) {
	c := &cleaner{report: r, src: src, line: 1}
	ok := true
	for ok && c.at < len(c.src) {
		rest := c.src[c.at:]
		switch {
		case rest[0] != '<':
			c.blank(1)
		case bytes.HasPrefix(rest, []byte("<!--")):
			ok = c.skip("-->", 4, "comment")
		case bytes.HasPrefix(rest, []byte("<!\u2013")), bytes.HasPrefix(rest, []byte("<!\u2014")):
			c.dashed()
		case bytes.HasPrefix(rest, []byte("<?")):
			ok = c.skip("?>", 2, "declaration <?")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			ok = c.skip("]]>", 9, "CDATA section")
		case bytes.HasPrefix(rest, []byte("<!")):
			ok = c.skip(">", 2, "declaration <!")
		case len(rest) > 1 && (isNameStart(rest[1]) || rest[1] == '/'):
			ok = c.tag()
		default:
			c.blank(1) // a stray "<" in text
		}
	}
	return c.out.Bytes(), ok
}

// blank replaces n bytes, keeping line ends.
func (c *cleaner) blank(n int) {
	for range n {
		if c.src[c.at] == '\n' {
			c.line++
			c.out.WriteByte('\n')
		} else {
			c.out.WriteByte(' ')
		}
		c.at++
	}
}

// skip blanks up to and with end, which is searched for after the first from bytes.
func (c *cleaner) skip(end string, from int, what string) bool {
	n := bytes.Index(c.src[c.at+from:], []byte(end))
	if n < 0 {
		c.fault(c.line, "", "the "+what+" is never closed", "close it with "+end)
		return false
	}
	c.blank(from + n + len(end))
	return true
}

// dashed is about a comment whose hyphens a web page has made a dash. It is left out to its end, or
// to that of its line.
func (c *cleaner) dashed() {
	c.fault(c.line, "", "a comment begins with a dash, not with two hyphens", "write <!-- … -->")
	line, _, _ := bytes.Cut(c.src[c.at:], []byte("\n"))
	if n := bytes.IndexByte(line, '>'); n >= 0 {
		line = line[:n+1]
	}
	c.blank(len(line))
}

// tag copies one tag with its attributes.
func (c *cleaner) tag() bool {
	start, line := c.at, c.line
	name := c.tagName()
	for c.at < len(c.src) {
		switch b := c.src[c.at]; b {
		case '>':
			c.out.WriteByte('>')
			c.at++
			return true
		case '"', '\'':
			if !c.value(name) {
				return false
			}
		case '<':
			c.fault(line, "", fmt.Sprintf("the tag <%s is never closed", name), `close it with ">" or "/>"`)
			return false
		case '\n', '\r', '\t':
			c.blank(1)
		default:
			c.put(b)
			c.at++
		}
	}
	c.at = start
	c.fault(line, "", fmt.Sprintf("the tag <%s is never closed", name), `close it with ">" or "/>"`)
	return false
}

// tagName copies "<name" or "</name".
func (c *cleaner) tagName() string {
	start := c.at
	for c.at++; c.at < len(c.src); c.at++ {
		if b := c.src[c.at]; !isName(b) && b != '/' || b == '/' && c.at > start+1 {
			break
		}
	}
	name := string(c.src[start+1 : c.at])
	if c.at < len(c.src) && c.src[c.at] == '=' {
		if element, attr, ok := parted(name); ok {
			c.fault(c.line, "", fmt.Sprintf("a blank is missing in <%s=", name), fmt.Sprintf("write <%s %s=", element, attr))
			c.out.WriteString("<" + element + " " + attr)
			return element
		}
	}
	c.out.WriteString("<" + name)
	return name
}

// parted is an element and its attribute that were written as one word, as web pages do that have
// lost a blank.
func parted(word string) (element, attr string, ok bool) {
	for name, known := range schema {
		if len(word) < len(name) || !strings.EqualFold(word[:len(name)], name) {
			continue
		}
		if containsFold(known.attrs, word[len(name):]) {
			return word[:len(name)], word[len(name):], true
		}
	}
	return "", "", false
}

// value copies a quoted value and sees to a blank after it.
func (c *cleaner) value(tag string) bool {
	quote, line := c.src[c.at], c.line
	n := bytes.IndexByte(c.src[c.at+1:], quote)
	text := c.src[c.at+1:]
	if n >= 0 {
		text = text[:n]
	}
	if n < 0 || bytes.IndexByte(text, '\n') >= 0 {
		c.fault(line, "", fmt.Sprintf("in <%s …> a quote is never closed on its line", tag),
			fmt.Sprintf("close it with %c", quote))
		return false
	}
	c.out.WriteByte(quote)
	for i, b := range text {
		switch {
		case b == '<':
			c.out.WriteString("&lt;")
		case b == '&' && !isEntity(text[i:]):
			c.out.WriteString("&amp;")
		default:
			c.put(b)
		}
	}
	c.out.WriteByte(quote)
	c.at += n + 2
	if c.at < len(c.src) && isNameStart(c.src[c.at]) {
		c.out.WriteByte(' ') // path="…"timeToExecute="60"
	}
	return true
}

// put writes one byte of a tag.
func (c *cleaner) put(b byte) {
	switch {
	case b >= utf8.RuneSelf:
		c.out.WriteRune(privateRune + rune(b))
	case b < ' ' && b != '\t' || b == 0x7f:
		c.out.WriteRune(privateRune + rune(b)) // a control byte is not allowed in XML
	default:
		c.out.WriteByte(b)
	}
}

// restore gives the bytes of the file back.
func restore(value string) string {
	var b strings.Builder
	for _, r := range value {
		if privateRune <= r && r <= privateRune+0xff {
			b.WriteByte(byte(r - privateRune))
		} else {
			b.WriteRune(r) // &#20013;
		}
	}
	return b.String()
}

// isEntity is whether text begins with an entity that XML knows.
func isEntity(text []byte) bool {
	n := bytes.IndexByte(text, ';')
	if n < 2 {
		return false
	}
	switch name := string(text[1:n]); name {
	case "amp", "lt", "gt", "quot", "apos":
		return true
	default:
		digits, set := strings.TrimPrefix(name, "#"), "0123456789"
		if name[0] != '#' {
			return false
		}
		if hex, ok := strings.CutPrefix(digits, "x"); ok {
			digits, set = hex, "0123456789abcdefABCDEF"
		}
		return digits != "" && len(digits) < 7 && strings.Trim(digits, set) == ""
	}
}

func isNameStart(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b == '_' || b == ':' || b >= utf8.RuneSelf
}

func isName(b byte) bool {
	return isNameStart(b) || '0' <= b && b <= '9' || b == '-' || b == '.'
}
