package arrival_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sersync/sersync/bench/internal/arrival"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func watch(t *testing.T, dir string) *arrival.Watch {
	t.Helper()
	w, err := arrival.NewWatch()
	if err == nil {
		err = w.Add(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func TestAwaitSeesTheRightVersionOnly(t *testing.T) {
	dir := t.TempDir()
	w := watch(t, dir)
	path := filepath.Join(dir, "f")
	go func() {
		for _, version := range []string{"one", "on", "", "two"} {
			_ = os.WriteFile(path+".new", []byte(version), 0o600)
			_ = os.Rename(path+".new", path)
		}
	}()
	began := time.Now()
	seen, err := w.Await(t.Context(), path, []byte("two"))
	if err != nil {
		t.Fatal(err)
	}
	if seen.Before(began) || !arrival.Holds(path, []byte("two")) {
		t.Errorf("seen at %v, began %v", seen, began)
	}
}

func TestAwaitEndsWithItsContextAndCanGoOn(t *testing.T) {
	dir := t.TempDir()
	w := watch(t, dir)
	path := filepath.Join(dir, "f")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Await(ctx, path, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Fatalf("Await = %v, want it canceled", err)
	}
	go func() { _ = os.WriteFile(path, []byte("x"), 0o600) }()
	if _, err := w.Await(t.Context(), path, []byte("x")); err != nil {
		t.Errorf("Await after a canceled one: %v", err)
	}
}

func TestPollWaitsForTheDirectoryToo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	go func() {
		_ = os.Mkdir(dir, 0o755)
		_ = os.WriteFile(filepath.Join(dir, "f"), []byte("x"), 0o600)
	}()
	if _, err := arrival.Poll(t.Context(), filepath.Join(dir, "f"), []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestCalibrateMeasuresEachTime(t *testing.T) {
	took, err := arrival.Calibrate(t.Context(), t.TempDir(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range took {
		if d <= 0 || d > time.Second {
			t.Errorf("rename %d was seen after %v", i, d)
		}
	}
}
