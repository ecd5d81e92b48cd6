package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/sersync/sersync/engine/journal"
)

// runFlags are those of everything that mirrors.
type runFlags struct {
	logFlags
	workers     workers
	dryRun      bool
	forceDelete bool
	stateDir    string
}

func (f *runFlags) bind(flags *pflag.FlagSet) {
	flags.VarP(&f.workers, "workers", "n", "at most `N` rsync runs at the same time, for each target")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be run and deleted, and touch nothing")
	flags.BoolVar(&f.forceDelete, "delete", false,
		"delete on targets also what is held at first contact: names that the\nsource never had")
	bindStateDir(flags, &f.stateDir)
	f.logFlags.bind(flags)
}

// daemonFlags are those of what keeps on mirroring.
type daemonFlags struct {
	runFlags
	background bool
	pidFile    string
}

func (f *daemonFlags) bind(flags *pflag.FlagSet) {
	flags.BoolVarP(&f.background, "daemon", "d", false,
		"go into the background; returns once everything is watched, or says why\nit can't be")
	f.runFlags.bind(flags)
	flags.StringVar(&f.pidFile, "pid-file", "",
		"write the process id to `FILE` (with -d by default: in the state directory)")
}

func bindStateDir(flags *pflag.FlagSet, dir *string) {
	flags.StringVar(dir, "state-dir", defaultStateDir(), "keep locks and what is known of targets in `DIR`")
}

// check refuses flags that do not go together, and makes their paths absolute: in the background
// the working directory is another.
func (f *daemonFlags) check() error {
	if f.background && f.dryRun {
		return errors.New("--dry-run prints what it would do, and -d leaves the terminal: give one of them")
	}
	for _, path := range []*string{&f.pidFile, &f.logFile} {
		if err := absolute(path); err != nil {
			return err
		}
	}
	return f.runFlags.check()
}

func (f *runFlags) check() error {
	if f.stateDir == "" {
		return errNoStateDir
	}
	return absolute(&f.stateDir)
}

var errNoStateDir = errors.New("no place for the state: neither HOME nor XDG_STATE_HOME is a path; " +
	"give a directory with --state-dir")

func absolute(path *string) (err error) {
	if *path == "" {
		return nil
	}
	if *path, err = filepath.Abs(*path); err != nil {
		return fmt.Errorf("find the working directory: %w", err)
	}
	return nil
}

// defaultStateDir is root's, or the user's own; "" if the user has none.
func defaultStateDir() string {
	dir, err := journal.StateRoot(os.Geteuid(), os.Getenv)
	if err != nil {
		return ""
	}
	return dir
}

// workers is the value of -n. sersync2 read garbage as 10 and a negative number as no workers at
// all, which mirrors nothing and says nothing.
type workers int

const mostWorkers = 256

func (w *workers) String() string {
	if *w == 0 {
		return ""
	}
	return strconv.Itoa(int(*w))
}

func (*workers) Type() string { return "N" }

func (w *workers) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostWorkers {
		return fmt.Errorf("how many rsync runs each target may have at once: give a number from 1 to %d", mostWorkers)
	}
	*w = workers(n)
	return nil
}
