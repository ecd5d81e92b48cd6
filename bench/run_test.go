package bench_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sersync/sersync/bench"
)

// tiny is every scenario at a size that takes a second.
func tiny(t *testing.T, scenarios ...string) bench.Config {
	return bench.Config{
		Binary: os.Args[0], Dir: t.TempDir(), Scenarios: scenarios,
		Files: 40, Changes: 2, Bytes: 4 << 20, Pairs: 1, Pause: 10 * time.Millisecond, Idle: 50 * time.Millisecond, Patience: 20 * time.Second,
	}
}

// leftNothing fails if a file of the bench is left in dir.
func leftNothing(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("left over: %s", e.Name())
	}
}

func TestScenarios(t *testing.T) {
	wants := map[string]string{
		"walk":      `(?m)^BenchmarkWalk/dirs=40\t.* ns/op\t.* ready-ms\t.* rss-MB$`,
		"latency":   `(?m)^BenchmarkLatency/files=40\t +2\t.* p50-ms\t.* p95-ms\t.* rsync-p50-ms\t.* detect-p50-ms$`,
		"rtt50":     `(?m)^BenchmarkRtt50/files=40\t +2\t.* p50-ms`,
		"hung":      `(?m)^BenchmarkHung\t +2\t.* p95-before-ms\t.* p95-ms`,
		"unpack":    `(?m)^BenchmarkUnpack/files=40\t +1\t.* rsync-ms\t.* ratio$`,
		"storm":     `(?m)^BenchmarkStorm/files=40\t +2\t.* runs/s\t.* identical-ms`,
		"rmrf":      `(?m)^BenchmarkRmrf/files=40\t +1\t.* list-bytes$`,
		"fullpass":  `(?m)^BenchmarkFullpass/files=40/changed=1%\t +1\t.* ratio\t`,
		"bulk-file": `(?m)^BenchmarkBulkFile/MB=4\t.* MB/s$`,
		"bulk-pass": `(?m)^BenchmarkBulkPass/files=40\t.* pass-ms$`,
		"idle":      `(?m)^BenchmarkIdle\t +1\t.* wakeups\t`,
	}
	for _, s := range bench.Scenarios() {
		want := wants[s.Name]
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			c := tiny(t, s.Name)
			c.Out = &out
			results, err := bench.Run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if want == "" || !regexp.MustCompile(want).MatchString(out.String()) {
				t.Errorf("output lacks %s:\n%s", want, out.String())
			}
			for _, r := range results {
				for _, check := range r.Checks {
					if !strings.Contains(out.String(), check.Verdict()) {
						t.Errorf("the table lacks the verdict on %s: %q:\n%s", check.What, check.Verdict(), out.String())
					}
				}
			}
			leftNothing(t, c.Dir)
		})
	}
}

func TestAMirrorThatDoesNotMirrorFails(t *testing.T) {
	for flag, want := range map[string]string{
		"--blind":  "not arrived within",
		"--broken": "no watches left",
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			c := tiny(t, "storm")
			c.Args, c.Patience = []string{flag}, time.Second
			if _, err := bench.Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Run = %v, want %q", err, want)
			}
			leftNothing(t, c.Dir)
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		c := tiny(t, "storm")
		c.Keep = keep
		ctx, cancel := context.WithCancel(t.Context())
		c.Log = after(func() { cancel() })
		if _, err := bench.Run(ctx, c); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want it canceled", err)
		}
		if !keep {
			leftNothing(t, c.Dir)
		}
	}
}

// after calls itself when the second line is logged: the program runs then.
type after func()

func (f after) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("ready")) {
		f()
	}
	return len(p), nil
}

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	err := bench.Config{Binary: "/no/where", Rsync: "no-rsync", Scenarios: []string{"latancy"}, Files: -1}.Validate()
	for _, want := range []string{"/no/where", "no-rsync", "latancy", "latency", "below zero"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want %q", err, want)
		}
	}
}
