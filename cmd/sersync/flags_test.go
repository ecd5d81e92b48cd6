package main

import (
	"strings"
	"testing"
)

// A directory in /tmp would do, and be anybody's.
func TestWithoutAHomeTheStateNeedsAPlace(t *testing.T) {
	var f runFlags
	if err := f.check(); err == nil || !strings.Contains(err.Error(), "--state-dir") {
		t.Errorf("error: %v", err)
	}
}
