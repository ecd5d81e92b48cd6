package bench

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
)

// Upset is something that goes wrong during a round of a soak, beside the changes.
type Upset string

const (
	// UpsetNone lets the changes do.
	UpsetNone Upset = "none"
	// UpsetServer ends the rsync daemon and its connections, and starts it again.
	UpsetServer Upset = "server"
	// UpsetHang stops the rsync daemon and its connections, and lets them run again.
	UpsetHang Upset = "hang"
	// UpsetRestart stops the mirror, changes the tree, and starts it again.
	UpsetRestart Upset = "restart"
	// UpsetKill ends the mirror without a chance to tidy up, changes the tree, and starts it again.
	UpsetKill Upset = "kill"
	// UpsetFreeze stops the mirror and makes more changes than the kernel's queue holds.
	UpsetFreeze Upset = "freeze"
)

// Upsets are all of them.
func Upsets() []Upset {
	return []Upset{UpsetNone, UpsetServer, UpsetHang, UpsetRestart, UpsetKill, UpsetFreeze}
}

// losesEvents tells whether changes are made that the mirror has no event of. Content whose size
// and mtime are as before can't be found then.
func (u Upset) losesEvents() bool {
	return slices.Contains([]Upset{UpsetRestart, UpsetKill, UpsetFreeze}, u)
}

// SoakConfig says how to soak. The zero value, with a Mirror, soaks for one round.
type SoakConfig struct {
	// Mirror is what has to keep up. It is started and stopped by Soak.
	Mirror Mirror
	// Rsync is the daemon's, "" is the one in PATH.
	Rsync string
	// Dir is as in Config.
	Dir string
	// Seed makes the changes; 0 draws one. It is printed.
	Seed uint64
	// For is how long to go on; the round under way is ended. Rounds is the least number of
	// rounds, 0 is 1.
	For    time.Duration
	Rounds int
	// Round is how long changes are made between two comparisons, 0 is 3 s; Steps bounds their
	// number, 0 does not.
	Round time.Duration
	Steps int
	// Patience is how long the mirror may take, once the changes have ended, until the replica
	// is identical; 0 is a minute.
	Patience time.Duration
	// Entries is about how many names the tree has, 0 is 2,000.
	Entries int
	// HardLinks demands that hard links are hard links on the replica.
	HardLinks bool
	// AtOnce begins to change the tree as soon as the mirror is ready, while its first pass is
	// under way. Otherwise the replica is identical before.
	AtOnce bool
	// Upsets come in random order, one each round, and again; none is UpsetNone.
	Upsets []Upset
	// Keep leaves the directory when the replica differs.
	Keep bool
	// Log receives progress and seed; nil discards.
	Log io.Writer
}

func (c SoakConfig) withDefaults() SoakConfig {
	if c.Rsync == "" {
		c.Rsync = "rsync"
	}
	if c.Dir == "" {
		c.Dir = os.TempDir()
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64() >> 32 // short enough to be typed
	}
	if c.Rounds == 0 {
		c.Rounds = 1
	}
	if c.Round == 0 {
		c.Round = 3 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = time.Minute
	}
	if len(c.Upsets) == 0 {
		c.Upsets = []Upset{UpsetNone}
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	return c
}

// Validate says what of it can't be run, all of it at once.
func (c SoakConfig) Validate() error {
	var faults []error
	if c.Mirror == nil {
		faults = append(faults, errors.New("no mirror to soak"))
	}
	for _, u := range c.Upsets {
		_, freezes := c.Mirror.(Freezer)
		_, kills := c.Mirror.(Killer)
		switch {
		case !slices.Contains(Upsets(), u):
			faults = append(faults, fmt.Errorf("no upset %q: there are %s", u, upsetNames()))
		case u == UpsetFreeze && !freezes, u == UpsetKill && !kills:
			faults = append(faults, fmt.Errorf("upset %q: this mirror can't", u))
		}
	}
	return errors.Join(faults...)
}

func upsetNames() string {
	var all []string
	for _, u := range Upsets() {
		all = append(all, string(u))
	}
	return strings.Join(all, ", ")
}
