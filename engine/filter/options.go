package filter

import (
	"errors"
	"fmt"
	"strings"
)

// Options says what the rules are made of. The zero value excludes nothing.
type Options struct {
	// Root is the tree's absolute path. StateDirs and rules with the modifier "/" need it.
	Root string
	// StateDirs are absolute paths of directories that the program itself writes to. Those below
	// Root are excluded, as directories; others are ignored.
	StateDirs []string
	// Sersync2 are the expressions of sersync2's <filter>.
	Sersync2 []Regex
	// Rsync are rules in rsync's language.
	Rsync []RsyncRule
	// TempFiles turns sersync2's built-in rule on: files named ".x", "x~" or "4913" are excluded.
	TempFiles bool
}

// Source is where a rule was written.
type Source struct {
	File string
	Line int // 0: unknown
}

// String is file:line, as far as known.
func (s Source) String() string {
	switch {
	case s.File == "" && s.Line == 0:
		return ""
	case s.File == "":
		return fmt.Sprintf("line %d", s.Line)
	case s.Line == 0:
		return s.File
	}
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}

// Regex is one <exclude expression="…"/> of sersync2. Expr is the bytes of the file.
type Regex struct {
	Expr string
	Source
}

// Form says how the text of an RsyncRule is to be read.
type Form uint8

const (
	// FilterForm: a rule of --filter: "- *.o", "+,! x", "protect y", "!".
	FilterForm Form = iota
	// ExcludeForm: a pattern of --exclude or a line of --exclude-from; "+ " or "- " in front of
	// it and a lone "!" mean what they mean to rsync.
	ExcludeForm
	// IncludeForm: the same for --include and --include-from.
	IncludeForm
)

// RsyncRule is one rule in rsync's language.
type RsyncRule struct {
	Text string
	Form Form
	Source
}

// RuleError is a rule that can't be used.
type RuleError struct {
	Source
	Text   string // the rule as written
	What   string
	Remedy string
}

// Error is one line: where, what, remedy.
func (e *RuleError) Error() string {
	var b strings.Builder
	if at := e.String(); at != "" {
		b.WriteString(at + ": ")
	}
	fmt.Fprintf(&b, "filter rule %q: %s", e.Text, e.What)
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Warning is about a rule that is used but probably does not do what its author meant.
type Warning RuleError

// RuleErrors gives each RuleError that err, as returned by New, holds.
func RuleErrors(err error) []*RuleError {
	var one *RuleError
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*RuleError
		for _, e := range many.Unwrap() {
			all = append(all, RuleErrors(e)...)
		}
		return all
	}
	if errors.As(err, &one) {
		return []*RuleError{one}
	}
	return nil
}
