package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sersync": main, "sersync2": main})
}

var update = flag.Bool("update", false, "rewrite the expected outputs in testdata/script")

func TestScripts(t *testing.T) {
	daemon := rsynctest.Daemon(t, rsynctest.Options{})
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// A script that forgets --state-dir must not touch the machine's.
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/xdg")
			// An rsync daemon for all: a script's module is a directory of its own.
			env.Setenv("PORT", strconv.Itoa(daemon.Port()))
			hung, err := hang(env)
			if err != nil {
				return err
			}
			env.Setenv("HUNG", hung)
			env.Setenv("MODULE", daemon.Path("m"))
			env.Defer(func() { endAll(env.WorkDir) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"expand":   expand,
			"waitfor":  waitFor,
			"signal":   sendSignal,
			"comm":     comm,
			"detached": detachedFiles,
		},
	})
}

// hang is the address of a target that takes connections and never says a word. The first makes the
// file "called".
func hang(env *testscript.Env) (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_ = os.WriteFile(filepath.Join(env.WorkDir, "called"), nil, 0o600)
		}
	}()
	env.Defer(func() { l.Close(); <-ended })
	return l.Addr().String(), nil
}

// expand puts the environment's values into a file: expand FILE...
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: expand FILE...")
	}
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
	}
}

// patience is how long a script waits for what it is waiting for.
const patience = 15 * time.Second

// eventually asks until the answer is yes, or fails the script.
func eventually(ts *testscript.TestScript, what string, question func() bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !question() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

// waitFor waits until something is so:
//
//	waitfor file F...      they are there
//	waitfor gone F...      there is nothing of that name
//	waitfor same F G       the files have the same bytes
//	waitfor text RE F      F has a match
//	waitfor ended PID-FILE the process is no more (PID-FILE must have been there before)
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: waitfor file|gone|same|text|ended ARGUMENT...")
	}
	what := strings.Join(args, " ")
	switch args[0] {
	case "file", "gone":
		for _, name := range args[1:] {
			eventually(ts, what, func() bool {
				_, err := os.Lstat(ts.MkAbs(name))
				return (err == nil) == (args[0] == "file")
			})
		}
	case "same":
		eventually(ts, what, func() bool {
			a, errA := os.ReadFile(ts.MkAbs(args[1]))
			b, errB := os.ReadFile(ts.MkAbs(args[2]))
			return errA == nil && errB == nil && bytes.Equal(a, b)
		})
	case "text":
		expression, err := regexp.Compile(args[1])
		ts.Check(err)
		eventually(ts, what, func() bool {
			text, err := os.ReadFile(ts.MkAbs(args[2]))
			return err == nil && expression.Match(text)
		})
	case "ended":
		pid := readPid(ts, args[1])
		eventually(ts, what, func() bool { return syscall.Kill(pid, 0) != nil })
	default:
		ts.Fatalf("waitfor %s: no such condition", args[0])
	}
}

func readPid(ts *testscript.TestScript, file string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(file)))
	ts.Check(err)
	return pid
}

// sendSignal sends a signal: signal TERM|INT|HUP|KILL PID-FILE.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{
		"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL,
	}
	if neg || len(args) != 2 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal TERM|INT|HUP|KILL PID-FILE")
	}
	ts.Check(syscall.Kill(readPid(ts, args[1]), signals[args[0]]))
}

// comm checks by which name killall finds the process: comm PID-FILE NAME.
func comm(ts *testscript.TestScript, neg bool, args []string) {
	got, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", readPid(ts, args[0])))
	ts.Check(err)
	if (strings.TrimSpace(string(got)) == args[1]) == neg {
		ts.Fatalf("the process is called %s", strings.TrimSpace(string(got)))
	}
}

// detachedFiles checks that a process has nothing of the terminal, nor of the caller's pipes, nor
// the caller's directory: detached PID-FILE.
func detachedFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: detached PID-FILE")
	}
	proc := fmt.Sprintf("/proc/%d", readPid(ts, args[0]))
	cwd, err := os.Readlink(proc + "/cwd")
	ts.Check(err)
	if cwd != "/" {
		ts.Fatalf("its working directory is %s", cwd)
	}
	for fd := range 3 {
		to, err := os.Readlink(fmt.Sprintf("%s/fd/%d", proc, fd))
		ts.Check(err)
		if to != os.DevNull && (fd != 2 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "/dev/")) {
			ts.Fatalf("its descriptor %d is %s", fd, to)
		}
	}
}

// endAll kills what a failed script left running: the processes that have its directory in their
// environment.
func endAll(work string) {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environments {
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(text, []byte("WORK="+work+"\x00")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
