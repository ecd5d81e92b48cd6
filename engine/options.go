package engine

import (
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/engine/journal"
	"github.com/sersync/sersync/engine/task"
)

// DrainTimeout is how long the targets may go on paying after the end was asked for, if Options
// do not say otherwise.
const DrainTimeout = 10 * time.Second

// Options make an Engine. Config is required.
type Options struct {
	Config *config.Config
	Log    *slog.Logger
	// StateDir is the directory that holds one folder for each config.
	StateDir string
	// LogFile and PidFile are what the program writes besides; "" if it does not.
	LogFile, PidFile string
	// FullSync makes a full pass over every tree at the start (-r, and always for mirror).
	FullSync bool
	// DryRun plans and prints, and touches neither targets nor state.
	DryRun bool
	// ForceDelete lets full passes delete what first contact would hold.
	ForceDelete bool
	// Workers is the most rsync runs at once for each target; 0: as configured.
	Workers int
	// DrainTimeout is how long the targets may go on paying after the end was asked for; 0 is the
	// constant of this name.
	DrainTimeout time.Duration
	// OnReady is called when everything is watched.
	OnReady func()
	// Observers are told of every run that ended. They must not block.
	Observers []task.Observer
	// Progress is told how far Sync is, by one goroutine at a time. Without it the tree is not looked
	// at to know how much there is.
	Progress func(Progress)
	// Stdout is where DryRun prints.
	Stdout io.Writer
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.DrainTimeout <= 0 {
		o.DrainTimeout = DrainTimeout
	}
	if o.OnReady == nil {
		o.OnReady = func() {}
	}
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	return o
}

// force reports whether a person let the full passes of this tree delete: by --delete, or by -r of
// a sersync2 setup, which always did. A tree that sersync2 would have ignored is new to its
// targets.
func (o *Options) force(t *config.Tree) bool {
	return o.ForceDelete || o.FullSync && o.Config.Format == config.XML && !t.Second
}

// Folder returns the state folder of a config: one for each config file, and for each source and
// its destinations where there is no file.
func Folder(stateDir string, c *config.Config) (string, error) {
	var name string
	var err error
	if c.Format == config.Flags {
		var dests []string
		for _, t := range c.Trees[0].Targets {
			dests = append(dests, t.Dest)
		}
		name, err = journal.FolderOfPair(c.Trees[0].Path, dests)
	} else {
		name, err = journal.FolderOf(c.File)
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(stateDir, name), nil
}
