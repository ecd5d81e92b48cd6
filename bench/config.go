package bench

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config says what to measure. The zero value measures everything with bin/sersync, at the size of
// the targets.
type Config struct {
	// Binary is the sersync to measure, "" is bin/sersync.
	Binary string
	// Args are further flags of the program's, such as -n4.
	Args []string
	// Rsync is the rsync that daemons and comparisons run, "" is the one in PATH.
	Rsync string
	// Dir is where trees and replicas are made, in a directory that is removed in the end.
	// "" is the system's temporary directory.
	Dir string
	// Scenarios are names of Scenarios, none is all.
	Scenarios []string
	// Scale multiplies the number of files and changes of every scenario, 0 is 1.
	Scale float64
	// Files and Changes replace a scenario's own number, scaled or not.
	Files, Changes int
	// Bytes is the size of the large file, 0 is 2 GB.
	Bytes int64
	// Count is how often each scenario is run, 0 is 1: benchstat wants several.
	Count int
	// Pairs is how often the two sides of a ratio are measured within a run, 0 is 3.
	Pairs int
	// Pause replaces a scenario's own time between two changes.
	Pause time.Duration
	// Idle is how long the program is watched doing nothing, 0 is a minute.
	Idle time.Duration
	// Patience is how long anything may take to arrive, 0 is 5 minutes.
	Patience time.Duration
	// Keep leaves the directory of a scenario that failed, for a person to look at.
	Keep bool
	// Out receives results, Log the progress; nil discards.
	Out, Log io.Writer
}

func (c Config) withDefaults() Config {
	if c.Binary == "" {
		c.Binary = filepath.Join("bin", "sersync")
	}
	if c.Rsync == "" {
		c.Rsync = "rsync"
	}
	if c.Dir == "" {
		c.Dir = os.TempDir()
	}
	if len(c.Scenarios) == 0 {
		for _, s := range Scenarios() {
			c.Scenarios = append(c.Scenarios, s.Name)
		}
	}
	if c.Scale == 0 {
		c.Scale = 1
	}
	if c.Bytes == 0 {
		c.Bytes = 2 << 30
	}
	if c.Count == 0 {
		c.Count = 1
	}
	if c.Pairs == 0 {
		c.Pairs = 3
	}
	if c.Idle == 0 {
		c.Idle = time.Minute
	}
	if c.Patience == 0 {
		c.Patience = 5 * time.Minute
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	return c
}

// Validate says what of it can't be run, all of it at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	known := Scenarios()
	for _, name := range c.Scenarios {
		if !slices.ContainsFunc(known, func(s Scenario) bool { return s.Name == name }) {
			faults = append(faults, fmt.Errorf("no scenario %q: there are %s", name, names(known)))
		}
	}
	if c.Scale < 0 || c.Files < 0 || c.Changes < 0 || c.Bytes < 0 || c.Count < 0 || c.Pairs < 0 {
		faults = append(faults, errors.New("a size or a number below zero"))
	}
	if _, err := exec.LookPath(c.Binary); err != nil {
		faults = append(faults, fmt.Errorf("no sersync to measure: %w; make build makes bin/sersync", err))
	}
	if _, err := exec.LookPath(c.Rsync); err != nil {
		faults = append(faults, fmt.Errorf("no rsync: %w", err))
	}
	return errors.Join(faults...)
}

// files is how many files a scenario works on, normal being its own number.
func (c Config) files(normal int) int { return number(c.Files, c.Scale, normal) }

// changes is how many changes it measures.
func (c Config) changes(normal int) int { return number(c.Changes, c.Scale, normal) }

func (c Config) pause(normal time.Duration) time.Duration {
	if c.Pause > 0 {
		return c.Pause
	}
	return normal
}

func number(given int, scale float64, normal int) int {
	if given > 0 {
		return given
	}
	return max(1, int(scale*float64(normal)))
}

func names(scenarios []Scenario) string {
	list := make([]string, len(scenarios))
	for i, s := range scenarios {
		list[i] = s.Name
	}
	return strings.Join(list, ", ")
}
