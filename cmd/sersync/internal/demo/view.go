package demo

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// view prints what happens, a line for each change. It is safe for concurrent use.
type view struct {
	color bool

	mu        sync.Mutex
	out       io.Writer
	latencies []time.Duration
}

// paint wraps text in a terminal's colour, if the output is one.
func (v *view) paint(code, text string) string {
	if !v.color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (v *view) linef(format string, arguments ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fmt.Fprintf(v.out, format+"\n", arguments...)
}

// arrived prints a change that is in the replica now.
func (v *view) arrived(after time.Duration, verb, name string) {
	v.mu.Lock()
	v.latencies = append(v.latencies, after)
	v.mu.Unlock()
	v.linef("%s  %s  %s → 127.0.0.1::%s", v.paint("32", milliseconds(after)), v.paint("1", pad(verb)), name, moduleName)
}

// yours prints a change that somebody else made in the tree; after is negative if it is not known.
func (v *view) yours(after time.Duration, name string) {
	text := "          "
	if after >= 0 {
		text = milliseconds(after)
	}
	v.linef("%s  %s  %s → 127.0.0.1::%s", v.paint("36", text), v.paint("36", pad("yours")), name, moduleName)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%+8.1fms", float64(d)/float64(time.Millisecond))
}

func pad(verb string) string { return fmt.Sprintf("%-8s", verb) }

// summary is the last line.
func (v *view) summary() {
	v.mu.Lock()
	sorted := slices.Sorted(slices.Values(v.latencies))
	v.mu.Unlock()
	if len(sorted) == 0 {
		return
	}
	at := func(share float64) time.Duration { return sorted[int(share*float64(len(sorted)-1))] }
	v.linef("%d changes, from the write until the replica had the same: median %.1f ms, 95 %% within %.1f ms, longest %.1f ms",
		len(sorted), inMilliseconds(at(0.5)), inMilliseconds(at(0.95)), inMilliseconds(sorted[len(sorted)-1]))
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
