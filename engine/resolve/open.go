package resolve

import (
	"time"

	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

const (
	// probeMin and probeMax bound the pause between two probes of a file that is being written. Its
	// close makes the debt ready at once; probing finds closes that were not seen.
	probeMin = 250 * time.Millisecond
	probeMax = 15 * time.Second
)

// written reports whether the file waits because somebody is writing it, or may be.
func (p *pass) written(d *task.Debt) bool {
	o := &p.opts.Open
	if d.What&task.Writing == 0 || o.Always {
		return false
	}
	since := time.Unix(0, d.Since)
	age := max(p.now.Sub(since), 0)
	if !o.OnlyClose && age >= o.Wait {
		return false
	}
	why := "a writer has it open"
	switch lease, err := p.looker.Leased(d.Path); {
	case lease == scan.Quiet && err == nil:
		return false
	case err != nil:
		why = "cannot tell whether a writer has it open: " + err.Error()
	case lease == scan.Unknown:
		why = "cannot tell whether a writer has it open"
	}
	next := p.now.Add(min(max(age/4, probeMin), probeMax))
	if end := since.Add(o.Wait); !o.OnlyClose && end.Before(next) {
		next = end
	}
	p.plan.Back = append(p.plan.Back, task.Waiting{
		Debt: *d, Reason: task.Open, NotBefore: next, Why: why,
	})
	return true
}
