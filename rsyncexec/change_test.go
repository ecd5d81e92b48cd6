package rsyncexec

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestParseChange(t *testing.T) {
	for line, want := range map[string]string{
		">f+++++++++ 2 d/b":                    "> f new 2 d/b",
		"<f.st...... 123 a  b":                 "< f 123 a  b",
		"cd+++++++++ 4096 d/sub/":              "c d new 4096 d/sub",
		".d..t...... 4096 ./":                  ". d 4096 ",
		"*deleting   0 gone/x":                 "* 0 gone/x",
		"cL+++++++++ 1 l":                      "c L new 1 l",
		"hf+++++++++ 0 c":                      "h f new 0 c",
		`>f+++++++++ 0 new\#012line`:           "> f new 0 new\nline",
		`>f+++++++++ 0 \#134#012`:              `> f new 0 \#012`,
		`>f+++++++++ 0 a\#999\#38`:             `> f new 0 a\#999\#38`,
		".f          0 unchanged":              ". f 0 unchanged",
		"skipping non-regular file \"fifo\"":   "",
		"cannot delete non-empty directory: d": "",
		"sending incremental file list":        "",
		">f+++++++++ x y":                      "",
		">f+++++++++ 5 ":                       "",
		">f+++++++++":                          "",
		"":                                     "",
	} {
		c, ok := parseChange([]byte(line))
		if !ok {
			if want != "" {
				t.Errorf("%q is not taken for a change", line)
			}
			continue
		}
		got := string(c.action) + " "
		if c.kind != 0 {
			got += string(c.kind) + " "
		}
		if c.isNew {
			got += "new "
		}
		if got += fmt.Sprintf("%d %s", c.size, c.name); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// encodeName is what rsync does to a name when it prints it in the C locale.
func encodeName(name []byte) string {
	var b strings.Builder
	for i, c := range name {
		_, looksEscaped := escaped(name[i:])
		if c < ' ' || c > '~' || looksEscaped || c == '\\' && bytes.HasPrefix(name[i:], []byte(`\#`)) && digits(name[i+2:]) {
			fmt.Fprintf(&b, `\#%03o`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func digits(s []byte) bool {
	if len(s) < 3 {
		return false
	}
	for _, c := range s[:3] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func FuzzParseChange(f *testing.F) {
	for _, name := range oddNames {
		f.Add([]byte(name))
	}
	f.Add([]byte(`\#777`))
	f.Fuzz(func(t *testing.T, name []byte) {
		parseChange(bytes.Clone(name))
		if len(name) == 0 || bytes.IndexByte(name, 0) >= 0 || bytes.HasSuffix(name, []byte("/")) || string(name) == "." {
			return
		}
		c, ok := parseChange([]byte(">f+++++++++ 7 " + encodeName(name)))
		if !ok || !bytes.Equal(c.name, name) || c.size != 7 {
			t.Errorf("%q came back as %q", name, c.name)
		}
	})
}

func TestLinesAreWholeAndBounded(t *testing.T) {
	var got []string
	l := lines{each: func(b []byte) { got = append(got, string(b)) }}
	long := strings.Repeat("x", 3*maxLine)
	for _, part := range []string{"a", "b\nc\n\nd", "e\n" + long, long + "\nf\n", "last"} {
		l.Write([]byte(part))
		if cap(l.partial) > 8*maxLine {
			t.Fatalf("%d bytes are kept", cap(l.partial))
		}
	}
	l.flush()
	want := []string{"ab", "c", "", "de", long[:maxLine], "f", "last"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%d lines", len(got))
	}
}
