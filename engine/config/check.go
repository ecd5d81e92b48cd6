package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/sersync/sersync/engine/guard"
)

// CheckEnv is what a config is checked against.
type CheckEnv struct {
	// StateDir, LogFile and PidFile are what the program writes; "" if it does not.
	StateDir, LogFile, PidFile string
	// Others are the targets of other configs on this host.
	Others []OtherTarget
	// Root is whether the program will run as root: rsync then wants root's password files.
	Root bool
}

// checker is one Check.
type checker struct {
	report
	c   *Config
	env CheckEnv
}

// Check says everything that is wrong with the config on this machine, and all warnings.
func (c *Config) Check(env CheckEnv) []Finding {
	k := &checker{report: report{file: c.File}, c: c, env: env}
	k.all = append(k.all, c.Warnings...)
	for _, text := range c.Inactive {
		k.add(Note, 0, "", text, "")
	}
	for i := range c.Trees {
		t := &c.Trees[i]
		k.path(t)
		k.written(t)
		for j := range t.Targets {
			k.target(t, &t.Targets[j])
		}
	}
	k.overlaps()
	errs, rest := k.split()
	return slices.Concat(errs, rest)
}

// path looks at the tree itself.
func (k *checker) path(t *Tree) {
	fi, err := os.Stat(t.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k.fault(t.Line, "watch", show(t.Path)+" does not exist", "create it, or correct the path")
	case err != nil:
		k.fault(t.Line, "watch", err.Error(), "")
	case fi.Mode().IsRegular():
		k.fault(t.Line, "watch", show(t.Path)+" is a file", fmt.Sprintf(
			"watch %s with the rules \"+ /%s\" and \"- *\"", show(filepath.Dir(t.Path)), filepath.Base(t.Path)))
	case !fi.IsDir():
		k.fault(t.Line, "watch", show(t.Path)+" is not a directory", "")
	}
	if t.Path == "/" {
		k.warn(t.Line, "watch", "the whole system is mirrored, /proc and /sys with it if mounts are crossed",
			"exclude what is not data")
	}
}

// written looks for files of our own inside a watched tree, each change of which would be an event.
func (k *checker) written(t *Tree) {
	root, state := resolved(t.Path), resolved(k.env.StateDir)
	if k.env.StateDir != "" && inside(root, state) {
		k.fault(t.Line, "watch", fmt.Sprintf("%s is inside the state directory %s", show(t.Path), show(k.env.StateDir)),
			"choose another state directory")
	}
	own := []struct{ what, path, remedy string }{
		{"the log", k.env.LogFile, "log to a file outside, or to the journal"},
		{"the pid file", k.env.PidFile, "write it to /run"},
	}
	if t.FailLog != nil {
		own = append(own, struct{ what, path, remedy string }{"the failLog", t.FailLog.Path, "choose a path outside"})
	}
	for _, o := range own {
		if o.path == "" || !inside(resolved(o.path), root) || k.env.StateDir != "" && inside(resolved(o.path), state) {
			continue
		}
		k.fault(t.Line, "watch", fmt.Sprintf("%s %s is inside the watched tree %s: every line would be a change",
			o.what, show(o.path), show(t.Path)), o.remedy)
	}
}

func (k *checker) target(t *Tree, g *Target) {
	d, err := g.Destination()
	if err != nil {
		k.fault(g.Line, "target", err.Error(), "correct the destination")
		return
	}
	if d.Kind == Local {
		src := resolved(t.Path)
		switch {
		case inside(d.Path, src):
			k.fault(g.Line, "target", fmt.Sprintf("%s is inside its own tree %s: it would grow for ever", show(g.Dest), show(t.Path)),
				"choose a destination outside")
		case inside(src, d.Path):
			k.fault(g.Line, "target", fmt.Sprintf("%s holds the tree %s itself: mirroring would delete what lies beside it",
				show(g.Dest), show(t.Path)), "choose another destination")
		}
	}
	if g.PasswordFile != "" {
		k.password(g, d.Kind)
	} else if g.User != "" && d.Kind == Daemon && os.Getenv("RSYNC_PASSWORD") == "" {
		k.warn(g.Line, "target", fmt.Sprintf("user %s has no password file: a daemon that asks for a password refuses", g.User),
			"give a password file, mode 0600")
	}
	if d.Kind != Daemon && g.PasswordFile != "" {
		k.fault(g.Line, "target", "a password file is for daemons only: rsync refuses it here", "remove it")
	}
}

// password checks what rsync will check: it refuses a file that others can read, and as root one
// that is not root's.
func (k *checker) password(g *Target, kind Kind) {
	if kind != Daemon {
		return
	}
	fi, err := os.Stat(g.PasswordFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k.fault(g.Line, "password file", show(g.PasswordFile)+" does not exist", "create it, mode 0600, holding the password alone")
		return
	case err != nil:
		k.fault(g.Line, "password file", err.Error(), "")
		return
	case !fi.Mode().IsRegular():
		k.fault(g.Line, "password file", show(g.PasswordFile)+" is not a file", "")
		return
	}
	fix := "chmod 600 " + quote(g.PasswordFile)
	switch mode := fi.Mode().Perm(); {
	case mode&0o007 != 0:
		k.fault(g.Line, "password file", fmt.Sprintf("%s has mode %04o: rsync refuses a file that others can read",
			show(g.PasswordFile), mode), fix)
	case mode&0o070 != 0:
		k.warn(g.Line, "password file", fmt.Sprintf("%s has mode %04o: its group can read it", show(g.PasswordFile), mode), fix)
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok && k.env.Root && st.Uid != 0 {
		k.fault(g.Line, "password file", fmt.Sprintf("%s belongs to uid %d: rsync run by root refuses it",
			show(g.PasswordFile), st.Uid), "chown root "+quote(g.PasswordFile))
	}
	if fi.Size() == 0 {
		k.fault(g.Line, "password file", show(g.PasswordFile)+" is empty", "write the password into it")
	}
}

// overlaps looks for targets that would delete each other's files.
func (k *checker) overlaps() {
	k.all = append(k.all, k.c.Clashes(k.env.Others, false)...)
	var seen []place
	for i := range k.c.Trees {
		for j := range k.c.Trees[i].Targets {
			g := &k.c.Trees[i].Targets[j]
			d, err := g.Destination()
			if err != nil {
				continue // said already
			}
			for _, p := range seen {
				if Overlaps(d, p.dest) && (!tame(p.Delete) || !tame(g.Delete)) {
					k.overlap(g, &p, p.tree == i && p.dest == d)
				}
			}
			seen = append(seen, place{g, i, d})
		}
	}
}

// place is a target and where it leads to.
type place struct {
	*Target
	tree int
	dest Destination
}

// overlap is about two targets that are one place, or one inside the other; twice: and for one tree.
func (k *checker) overlap(g *Target, other *place, twice bool) {
	where := show(other.Dest)
	if other.Line > 0 {
		where += fmt.Sprintf(" in line %d", other.Line)
	}
	if twice {
		k.fault(g.Line, "target", fmt.Sprintf("%s is the same place as %s", show(g.Dest), where), "remove one of them")
		return
	}
	k.fault(g.Line, "target", fmt.Sprintf("%s is, or lies inside or around, the target %s: each would delete "+
		"what the other brings", show(g.Dest), where), "give each a directory of its own, or delete: live for both")
}

// tame is whether a mode deletes at most names that were seen leaving.
func tame(mode string) bool {
	return mode == guard.Never.String() || mode == guard.Live.String()
}

// resolved follows the symlinks of the part of a path that exists.
func resolved(p string) string {
	if p == "" {
		return ""
	}
	p = filepath.Clean(p)
	rest := ""
	for dir := p; ; dir = filepath.Dir(dir) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest)
		}
		if dir == "/" || dir == "." {
			return p
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}
