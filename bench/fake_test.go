package bench_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain is also the program that the tests measure: the test binary, called as sersync is. It
// mirrors as somebody without sersync would: when anything has changed, everything again.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "mirror" || os.Args[1] == "sync") {
		if err := fake(os.Args[1], os.Args[4:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// fake is the program with the arguments after --state-dir DIR.
func fake(verb string, args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if args[0] == "--broken" {
		return errors.New("no watches left")
	}
	blind := args[0] == "--blind"
	if blind {
		args = args[1:]
	}
	source, destinations := args[0], args[1:]
	if verb == "mirror" {
		if err := sayReady(); err != nil {
			return err
		}
	}
	ends := make(chan error)
	for _, d := range destinations {
		go func() { ends <- fakeTarget(ctx, verb, blind, source, d) }()
	}
	var err error
	for range destinations {
		err = errors.Join(err, <-ends)
	}
	return err
}

func fakeTarget(ctx context.Context, verb string, blind bool, source, destination string) error {
	var last uint64
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		now := fingerprint(source)
		if now != last && (!blind || last == 0) {
			err := copyAll(ctx, source, destination)
			if verb == "sync" {
				return err
			}
			if err == nil {
				last = now
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// copyAll compares all content: the soak also makes changes that leave the stamps alone.
func copyAll(ctx context.Context, source, destination string) error {
	cmd := exec.CommandContext(ctx, "rsync", "-ac", "-@-1", "--delete", "--timeout=5", source+"/", destination)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd.Run()
}

func sayReady() error {
	conn, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte("READY=1"))
	return err
}

// fingerprint differs when anything below dir has changed.
func fingerprint(dir string) uint64 {
	h := fnv.New64a()
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it is another tree the next time
		}
		if info, err := d.Info(); err == nil {
			st := info.Sys().(*syscall.Stat_t)
			fmt.Fprintln(h, path, st.Ctim, st.Ino, st.Size)
		}
		return nil
	})
	return h.Sum64()
}
