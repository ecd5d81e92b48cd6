package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// Run runs the scenarios of c and prints their results. It goes on after a scenario that failed,
// and returns all failures; a target that was missed is none.
func Run(ctx context.Context, c Config) ([]Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	head(c.Out, c)
	var results []Result
	var failures []error
	for _, s := range Scenarios() {
		if !slices.Contains(c.Scenarios, s.Name) {
			continue
		}
		for range c.Count {
			if ctx.Err() != nil {
				break
			}
			got, err := c.scenario(ctx, s)
			for _, r := range got {
				fmt.Fprintln(c.Out, r.String())
			}
			results = append(results, got...)
			if err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", s.Name, err))
				fmt.Fprintf(c.Log, "%s failed: %v\n", s.Name, err)
			}
		}
	}
	fmt.Fprintln(c.Out)
	failures = append(failures, Table(c.Out, results))
	if ctx.Err() != nil {
		failures = append(failures, context.Cause(ctx))
	}
	return results, errors.Join(failures...)
}

// scenario runs one scenario in a directory of its own, which it removes.
func (c Config) scenario(ctx context.Context, s Scenario) (got []Result, err error) {
	fmt.Fprintf(c.Log, "%s: %s\n", s.Name, s.Summary)
	r, err := newRig(c, s.Name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close(err != nil)) }()
	got, err = s.run(ctx, r)
	for i := range got {
		got[i].Scenario = s.Name
	}
	return got, err
}

// head prints what a figure is worth little without, as benchstat's configuration lines.
func head(w io.Writer, c Config) {
	fmt.Fprintf(w, "goos: %s\ngoarch: %s\npkg: github.com/sersync/sersync/bench\n", runtime.GOOS, runtime.GOARCH)
	if cpu := find("/proc/cpuinfo", "model name"); cpu != "" {
		fmt.Fprintf(w, "cpu: %s (%d)\n", cpu, runtime.NumCPU())
	}
	if kernel, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		fmt.Fprintf(w, "kernel: %s", kernel)
	}
	if text, err := exec.Command(c.Rsync, "--version").Output(); err == nil {
		line, _, _ := strings.Cut(string(text), "\n")
		fmt.Fprintf(w, "rsync: %s\n", strings.TrimSpace(line))
	}
}

// find returns the value of the first "key : value" line of a file.
func find(path, key string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
