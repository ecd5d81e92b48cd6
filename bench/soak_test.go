package bench_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sersync/sersync/bench"
)

// short is a soak that takes some seconds.
func short(t *testing.T, m bench.Mirror, upsets ...bench.Upset) bench.SoakConfig {
	return bench.SoakConfig{
		Mirror: m, Dir: t.TempDir(), Seed: 3, Rounds: len(upsets), Round: 300 * time.Millisecond, Steps: 60,
		Patience: 30 * time.Second, Entries: 150, Upsets: upsets, Log: t.Output(),
	}
}

func TestSoakPassesAMirrorThatLosesNothing(t *testing.T) {
	t.Parallel()
	// Freezing loses events, and changes that leave the stamps alone are made without that only.
	for _, upsets := range [][]bench.Upset{{bench.UpsetNone}, bench.Upsets()} {
		c := short(t, bench.NewSersync(os.Args[0], t.TempDir()), upsets...)
		if err := bench.Soak(t.Context(), c); err != nil {
			t.Error(err)
		}
		leftNothing(t, c.Dir)
	}
}

func TestSoakNamesWhatWasLostAndHow(t *testing.T) {
	t.Parallel()
	c := short(t, bench.NewSersync(os.Args[0], t.TempDir(), "--blind"), bench.UpsetNone)
	c.Patience, c.Keep = 500*time.Millisecond, true
	err := bench.Soak(t.Context(), c)
	var difference *bench.DifferenceError
	if !errors.As(err, &difference) {
		t.Fatalf("Soak = %v, want a difference", err)
	}
	if difference.Seed != 3 || difference.Round != 1 || len(difference.History) == 0 || difference.Dir == "" {
		t.Errorf("difference: %+v", difference)
	}
	if _, err := os.Stat(difference.Dir); err != nil {
		t.Errorf("it was not kept: %v", err)
	}
	for _, want := range []string{"seed 3", "round 1", "on the replica"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

func TestSoakSaysWhenTheMirrorCannotStart(t *testing.T) {
	c := short(t, bench.NewSersync(os.Args[0], t.TempDir(), "--broken"), bench.UpsetNone)
	if err := bench.Soak(t.Context(), c); err == nil || !strings.Contains(err.Error(), "no watches left") {
		t.Errorf("Soak = %v", err)
	}
	leftNothing(t, c.Dir)
}

// plain can neither be frozen nor killed.
type plain struct{}

func (plain) Start(context.Context, string, ...string) error { return nil }
func (plain) Wait(context.Context) error                     { return nil }
func (plain) Stop(context.Context) error                     { return nil }

func TestSoakConfigSaysAllThatIsWrong(t *testing.T) {
	err := bench.SoakConfig{Mirror: plain{}, Upsets: []bench.Upset{"flood", bench.UpsetFreeze, bench.UpsetKill}}.Validate()
	for _, want := range []string{`"flood"`, `"freeze"`, `"kill"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want %s", err, want)
		}
	}
	if err := (bench.SoakConfig{}).Validate(); err == nil {
		t.Error("no mirror, no error")
	}
}
