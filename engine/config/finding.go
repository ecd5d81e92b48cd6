package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Severity says how bad a finding is.
type Severity uint8

const (
	// Note: good to know; nothing is wrong.
	Note Severity = iota
	// Warning: it works, but likely not as its author meant.
	Warning
	// Error: it can't be used.
	Error
)

func (s Severity) String() string {
	return [...]string{Note: "note", Warning: "warning", Error: "error"}[s]
}

// Finding is one thing to say about a config.
type Finding struct {
	File     string
	Line     int // 0: about no line
	Severity Severity
	What     string
	Where    string // the element or key, e.g. "remote@ip"; "" if What says it
	Remedy   string // "" if there is nothing to do
}

// Error is one line: where, what, remedy.
func (f Finding) Error() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(show(f.File) + ":")
	}
	if f.Line > 0 {
		fmt.Fprintf(&b, "%d:", f.Line)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if f.Severity != Error {
		b.WriteString(f.Severity.String() + ": ")
	}
	if f.Where != "" {
		b.WriteString(f.Where + ": ")
	}
	b.WriteString(f.What)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return OneLine(b.String())
}

// Findings are the faults of a config as one error.
type Findings []Finding

func (fs Findings) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each finding.
func (fs Findings) Unwrap() []error {
	errs := make([]error, len(fs))
	for i, f := range fs {
		errs[i] = f
	}
	return errs
}

// FindingsOf gives the findings that err, as returned by Load and FromFlags, holds; an error
// without any is a finding of its own.
func FindingsOf(err error) []Finding {
	var fs Findings
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fs):
		return fs
	}
	return []Finding{{Severity: Error, What: err.Error()}}
}

// report collects findings of one file.
type report struct {
	file string
	all  []Finding
}

func (r *report) add(s Severity, line int, where, what, remedy string) {
	r.all = append(r.all, Finding{r.file, line, s, what, where, remedy})
}

func (r *report) fault(line int, where, what, remedy string) {
	r.add(Error, line, where, what, remedy)
}

func (r *report) warn(line int, where, what, remedy string) {
	r.add(Warning, line, where, what, remedy)
}

// split parts errors from the rest, each in the order of lines. What two trees of one file have
// in common is said once.
func (r *report) split() (errs Findings, rest []Finding) {
	said := map[Finding]bool{}
	slices.SortStableFunc(r.all, func(a, b Finding) int { return a.Line - b.Line })
	for _, f := range r.all {
		if said[f] {
			continue
		}
		said[f] = true
		if f.Severity == Error {
			errs = append(errs, f)
		} else {
			rest = append(rest, f)
		}
	}
	return errs, rest
}
