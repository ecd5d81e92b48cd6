package config

import (
	"fmt"
	"time"

	"github.com/sersync/sersync/engine/guard"
)

var deleteModes = []string{
	guard.Auto.String(), guard.Never.String(), guard.Live.String(),
	guard.Full.String(), guard.Always.String(),
}

// Target is one place that a tree is mirrored to.
type Target struct {
	Name string // unique in the config, for logs and status
	Dest string // rsync's notation: "/dir", "host::module/path", "rsync://…", "user@host:/path"
	Line int
	// Args are options for every run, classified: nothing in them is a setting below.
	Args []string
	// RSH is the remote shell with its arguments; empty: rsync's own choice.
	RSH          []string
	Port         int    // a daemon's; 0: the usual one
	User         string // the one in Dest
	PasswordFile string
	Timeout      time.Duration // 0: the program's default
	ConTimeout   time.Duration
	HardLinks    bool
	Workers      int    // ceiling of runs at once
	Warm         bool   // keep a connection ready
	Delete       string // a guard.Mode by name
	MaxDelete    guard.Limit
	BwLimit      int64 // bytes a second, of all its runs together; 0: none
	Backup       Backup
}

// Backup keeps what a run replaces or deletes (rsync --backup).
type Backup struct {
	On     bool
	Dir    string
	Suffix string
}

// Args are the options for rsync.
func (b Backup) Args() []string {
	if !b.On {
		return nil
	}
	args := []string{"--backup"}
	if b.Dir != "" {
		args = append(args, "--backup-dir="+b.Dir)
	}
	if b.Suffix != "" {
		args = append(args, "--suffix="+b.Suffix)
	}
	return args
}

// newTarget is a target with the defaults of YAML and the command line.
func newTarget() Target {
	return Target{Workers: DefaultWorkers, Warm: true, Delete: guard.Auto.String()}
}

// Destination is where the target is, for comparing; the symlinks of a local path are followed.
func (t *Target) Destination() (Destination, error) {
	d, err := DestinationOf(t.Dest)
	if err == nil && d.Kind == Daemon && d.Port == daemonPort && t.Port != 0 {
		d.Port = t.Port
	}
	if d.Kind == Local {
		d.Path = resolved(d.Path)
	}
	return d, err
}

// nameTargets gives every target that has none a name: its destination, numbered where two have
// the same.
func nameTargets(trees []Tree) {
	used := map[string]bool{}
	for i := range trees {
		for _, t := range trees[i].Targets {
			used[t.Name] = true
		}
	}
	for i := range trees {
		for j := range trees[i].Targets {
			t := &trees[i].Targets[j]
			if t.Name != "" {
				continue
			}
			t.Name = t.Dest
			for n := 2; used[t.Name]; n++ {
				t.Name = fmt.Sprintf("%s#%d", t.Dest, n)
			}
			used[t.Name] = true
		}
	}
}
