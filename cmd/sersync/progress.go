package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/sersync/sersync/engine"
)

// bar is sync's progress, on a terminal; elsewhere it shows nothing.
type bar struct {
	bar *progressbar.ProgressBar
}

func newBar(w io.Writer) *bar {
	if !isTerminal(w) {
		return new(bar)
	}
	return &bar{progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("sync"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionFullWidth(),
		progressbar.OptionClearOnFinish(),
	)}
}

// progress is what the engine is to call, by one goroutine at a time; nil: nobody looks.
func (b *bar) progress() func(engine.Progress) {
	if b.bar == nil {
		return nil
	}
	return b.show
}

func (b *bar) show(p engine.Progress) {
	if p.BytesTotal > 0 {
		b.bar.ChangeMax64(p.BytesTotal)
	}
	_ = b.bar.Set64(p.Bytes) // it fails if the terminal does
}

func (b *bar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

// isTerminal tells whether people and colours are at the other end.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	term := os.Getenv("TERM")
	return err == nil && st.Mode()&os.ModeCharDevice != 0 && term != "" && term != "dumb"
}
