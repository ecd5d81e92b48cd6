package rsyncexec

import (
	"fmt"
	"strings"
)

// shownNames bounds a list that is printed for people.
const shownNames = 100

// CommandLine is an invocation as a person can paste it into bash, one line for each process it
// takes; of a long list the first hundred names. Before the target was asked what it
// understands, it is taken to understand all. Passwords are never in it.
func (r *Runner) CommandLine(inv Invocation) string {
	q, ok := r.known()
	if !ok {
		q = Quirks{Local: Version{3, 1, 3}, Branch: BranchA, window: "-@-1"}
	}
	more := max(0, len(inv.Items)-shownNames)
	inv.Items = inv.Items[:len(inv.Items)-more]
	var b strings.Builder
	for _, s := range r.o.steps(q, &inv, false) {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		r.writeLine(&b, r.o.form(s, q, &inv))
		if more > 0 {
			fmt.Fprintf(&b, " # and %d more names", more)
		}
	}
	return b.String()
}

func (r *Runner) writeLine(b *strings.Builder, f form) {
	if len(f.list) > 0 {
		b.WriteString("printf ")
		writePrintf(b, f.list)
		b.WriteString(" | ")
	}
	b.WriteString(shellQuote(r.o.Program))
	for _, a := range f.args {
		b.WriteByte(' ')
		if below, ok := strings.CutPrefix(a, sourcePrefix); ok && r.o.Source != "" {
			a = strings.TrimSuffix(r.o.Source, "/") + "/" + below
		}
		b.WriteString(shellQuote(a))
	}
}

// shellQuote quotes one word for bash, where it needs to be, on one line and in ASCII.
func shellQuote(s string) string {
	plain, odd := s != "", false
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') &&
			strings.IndexByte("-_=/.,:@%+", c) < 0 {
			plain = false
		}
		odd = odd || c < ' ' || c >= 0x7f
	}
	switch {
	case plain:
		return s
	case !odd:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// writePrintf writes bytes as printf's quoted format: one line whatever is in them.
func writePrintf(b *strings.Builder, s []byte) {
	b.WriteByte('\'')
	for _, c := range s {
		switch {
		case c == '%':
			b.WriteString("%%")
		case c == '\\':
			b.WriteString(`\\`)
		case c == '\'' || c != 0 && c < ' ' || c >= 0x7f:
			fmt.Fprintf(b, `\%03o`, c)
		case c == 0:
			b.WriteString(`\0`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
}
