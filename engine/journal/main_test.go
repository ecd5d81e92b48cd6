package journal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary is also what is killed, and what inherits the lock.
const (
	asWriter    = "JOURNAL_TEST_WRITER" // directory: writes until it is killed
	asInheritor = "JOURNAL_TEST_INHERITOR"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asWriter) != "":
		if err := write(os.Getenv(asWriter)); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	case os.Getenv(asInheritor) != "":
		fmt.Println("here")
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
			os.Exit(1)
		}
	default:
		goleak.VerifyTestMain(m)
	}
}

// again starts the test binary in one of its other roles.
func again(t *testing.T, env string, extra ...*os.File) (*exec.Cmd, *bufio.Reader, io.Closer) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), env)
	cmd.ExtraFiles = extra
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return cmd, bufio.NewReader(stdout), stdin
}

func readLine(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(context.Background(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func closeNow(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

var someTime = time.Unix(1_700_000_000, 123456789)
