package engine

import (
	"testing"
	"time"

	"github.com/sersync/sersync/engine/task"
)

func TestRateOfRecentRuns(t *testing.T) {
	var r rate
	saw := func(files, bytes int64, d time.Duration) (float64, float64) {
		r.Observe(&task.Outcome{Plan: &task.Plan{Files: files, Bytes: bytes}, Duration: d})
		return r.get()
	}
	if files, bytes := saw(5000, 5e6, 500*time.Millisecond); files != 10_000 || bytes != 0 {
		t.Errorf("5,000 small files in half a second are %.0f files, %.0f bytes a second", files, bytes)
	}
	if files, bytes := saw(40, 4000, 200*time.Millisecond); files != 10_000 || bytes != 0 {
		t.Errorf("a run that is all start-up says %.0f files, %.0f bytes a second", files, bytes)
	}
	if files, _ := saw(1000, 1e6, 300*time.Millisecond); files < 9_999 || files > 10_001 {
		t.Errorf("1,000 files after a start of 200 ms, in 100 ms, leave %.0f files a second", files)
	}
	if files, bytes := saw(3, 400e6, 4200*time.Millisecond); files < 9_999 || bytes != 100e6 {
		t.Errorf("400 MB in four seconds are %.0f files, %.0f bytes a second", files, bytes)
	}
	if files, _ := saw(300, 3e5, 30*time.Second); files >= 10_000 {
		t.Errorf("a target that has become slow still does %.0f files a second", files)
	}
}
