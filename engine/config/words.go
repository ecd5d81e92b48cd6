package config

import (
	"errors"
	"strings"
)

var (
	errQuote     = errors.New("has a quote that is never closed")
	errBackslash = errors.New("ends in a backslash")
)

// shellSpecial are the bytes that would mean something to a shell, and here do not.
const shellSpecial = "$`;|&<>()\n"

// Split splits text into words as a POSIX shell would: blanks, quotes, backslashes. Nothing is
// expanded; special gives the bytes in it that a shell would have acted on, each once.
func Split(text string) (words []string, special string, err error) {
	var word strings.Builder
	inWord := false
	mark := func(c byte) {
		if strings.IndexByte(shellSpecial, c) >= 0 && strings.IndexByte(special, c) < 0 {
			special += string(c)
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case ' ', '\t', '\n', '\r':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
			continue
		case '\\':
			i++
			if i == len(text) {
				return nil, special, errBackslash
			}
			word.WriteByte(text[i])
		case '\'':
			n := strings.IndexByte(text[i+1:], '\'')
			if n < 0 {
				return nil, special, errQuote
			}
			word.WriteString(text[i+1 : i+1+n])
			i += n + 1
		case '"':
			n, err := doubleQuoted(text[i:], &word, mark)
			if err != nil {
				return nil, special, err
			}
			i += n - 1
		default:
			mark(c)
			word.WriteByte(c)
		}
		inWord = true
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, special, nil
}

// doubleQuoted reads "…" at the start of text and gives its length.
func doubleQuoted(text string, word *strings.Builder, mark func(byte)) (int, error) {
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return i + 1, nil
		case '\\':
			if i+1 < len(text) && strings.IndexByte("$`\"\\", text[i+1]) >= 0 {
				i++
			}
			word.WriteByte(text[i])
		default:
			if c == '$' || c == '`' {
				mark(c)
			}
			word.WriteByte(c)
		}
	}
	return 0, errQuote
}

// Join quotes words so that a shell, and Split, gives them back.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}

func quote(w string) string {
	plain := w != ""
	for i := range len(w) {
		c := w[i]
		plain = plain && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' ||
			strings.IndexByte("-_=+./:,@%", c) >= 0)
	}
	if plain {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
