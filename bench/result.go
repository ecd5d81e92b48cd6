package bench

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Result is what one run of a scenario measured.
type Result struct {
	Scenario string // its name
	Variant  string // as in "files=100000/changed=1%", may be ""
	N        int    // how many operations were measured
	PerOp    time.Duration
	Metrics  []Metric
	Checks   []Check
}

// Metric is one more figure of a benchmark line.
type Metric struct {
	Value float64
	Unit  string // without spaces
}

// Check is a figure that has a target.
type Check struct {
	What  string
	Value float64
	Limit float64 // met if Value is not above
	Unit  string
}

// Met tells whether the target is reached.
func (c Check) Met() bool { return c.Value <= c.Limit }

// Verdict is "met", or by how much it was missed.
func (c Check) Verdict() string {
	switch {
	case c.Met():
		return "met"
	case c.Limit == 0 || c.Value != c.Value:
		return "missed"
	default:
		return fmt.Sprintf("missed by %.0f %%", 100*(c.Value/c.Limit-1))
	}
}

// add appends a figure.
func (r *Result) add(value float64, unit string) {
	r.Metrics = append(r.Metrics, Metric{value, unit})
}

// check appends a figure with its target.
func (r *Result) check(what string, value, limit float64, unit string) {
	r.Checks = append(r.Checks, Check{what, value, limit, unit})
}

// String is the line of `go test -bench`, which benchstat reads.
func (r *Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Benchmark%s", camel(r.Scenario))
	if r.Variant != "" {
		fmt.Fprintf(&b, "/%s", r.Variant)
	}
	fmt.Fprintf(&b, "\t%8d\t%12d ns/op", r.N, r.PerOp.Nanoseconds())
	for _, m := range r.Metrics {
		fmt.Fprintf(&b, "\t%s %s", figure(m.Value), m.Unit)
	}
	return b.String()
}

// camel turns bulk-file into BulkFile.
func camel(name string) string {
	var b strings.Builder
	up := true
	for _, r := range name {
		switch {
		case r == '-':
			up = true
			continue
		case up:
			r = unicode.ToUpper(r)
		}
		up = false
		b.WriteRune(r)
	}
	return b.String()
}

// figure prints about four digits.
func figure(v float64) string {
	switch {
	case v >= 1000 || v <= -1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
}
