package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Table prints what was reached against what was aimed at, for people.
func Table(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "scenario\tfigure\treached\ttarget\tverdict")
	for _, r := range results {
		for _, c := range r.Checks {
			fmt.Fprintf(t, "%s\t%s\t%s %s\t≤ %s %s\t%s\n", title(r), c.What,
				figure(c.Value), c.Unit, figure(c.Limit), c.Unit, c.Verdict())
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return nil
}

func title(r Result) string {
	if r.Variant == "" {
		return r.Scenario
	}
	return r.Scenario + "/" + r.Variant
}
