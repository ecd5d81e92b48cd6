package config

import "fmt"

// OtherTarget is a target of another config on this host.
type OtherTarget struct {
	Config string // its file, or its command line
	Source string
	Dest   Destination
	Delete string
	// Running: a sersync is at it now; PID is which, 0 if that is not known.
	Running bool
	PID     int
	// Once: that makes one pass and ends.
	Once bool
}

func (o *OtherTarget) String() string {
	switch {
	case !o.Running:
		return "of " + show(o.Config)
	case o.PID == 0:
		return "of " + show(o.Config) + ", which runs now"
	}
	return fmt.Sprintf("of %s, which runs now as process %d", show(o.Config), o.PID)
}

// Clashes are the targets that would delete what the targets of other configs bring, and these what
// they do: errors where somebody is at it now, else warnings. Once says that c makes one pass and
// ends: that may be beside a daemon with the same source and target, as for a schedule.
func (c *Config) Clashes(others []OtherTarget, once bool) []Finding {
	r := report{file: c.File}
	for i := range c.Trees {
		source := resolved(c.Trees[i].Path)
		for j := range c.Trees[i].Targets {
			g := &c.Trees[i].Targets[j]
			d, err := g.Destination()
			if err != nil {
				continue // for others to say
			}
			for n := range others {
				if o := &others[n]; clash(source, g, d, o, once) {
					o.report(&r, g)
				}
			}
		}
	}
	return r.all
}

func clash(source string, g *Target, d Destination, o *OtherTarget, once bool) bool {
	if !Overlaps(d, o.Dest) || tame(g.Delete) && tame(o.Delete) {
		return false
	}
	same := d == o.Dest && source == resolved(o.Source)
	return !same || o.Running && !o.Once && !once
}

func (o *OtherTarget) report(r *report, g *Target) {
	what := fmt.Sprintf("%s is, or lies inside or around, the target %v: each would delete what the other brings",
		show(g.Dest), o)
	if o.Running {
		r.fault(g.Line, "target", what, "end that one, give each a directory of its own, or delete: live for both")
		return
	}
	r.warn(g.Line, "target", what, "never run both, give each a directory of its own, or delete: live for both")
}
