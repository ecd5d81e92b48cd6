package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// OneLine is text as one line for people: what a terminal would not show, or would obey, is escaped
// as in a Go string. Names may hold any byte but NUL and the slash.
func OneLine(text string) string {
	if strings.IndexFunc(text, unshown) < 0 {
		return text
	}
	var b strings.Builder
	for rest := text; rest != ""; {
		r, n := utf8.DecodeRuneInString(rest)
		if unshown(r) {
			q := strconv.Quote(rest[:n])
			b.WriteString(q[1 : len(q)-1])
		} else {
			b.WriteString(rest[:n])
		}
		rest = rest[n:]
	}
	return b.String()
}

// unshown is also what a byte that is no UTF-8 is decoded as.
func unshown(r rune) bool { return r == utf8.RuneError || !strconv.IsPrint(r) }

// ErrorLines is one line for each of the errors that err joins. A name in one of them may hold a
// line end, so the text alone does not tell them apart.
func ErrorLines(err error) (lines []string) {
	var within []error
	switch e := err.(type) { //nolint:errorlint // one layer at a time
	case interface{ Unwrap() []error }:
		within = e.Unwrap()
	case interface{ Unwrap() error }:
		within = []error{e.Unwrap()}
	}
	within = slices.DeleteFunc(slices.Clone(within), func(e error) bool { return e == nil })
	if len(within) > 0 && err.Error() == errors.Join(within...).Error() {
		for _, e := range within {
			lines = append(lines, ErrorLines(e)...)
		}
		return lines
	}
	// It says more than what it wraps, or wraps nothing.
	if text := strings.TrimSpace(err.Error()); text != "" {
		lines = append(lines, OneLine(text))
	}
	return lines
}
