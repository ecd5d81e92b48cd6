package rsyncexec

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the child of the tests that kill a whole process.
func TestMain(m *testing.M) {
	if mode := os.Getenv(childMode); mode != "" {
		os.Exit(child(mode))
	}
	goleak.VerifyTestMain(m)
}
