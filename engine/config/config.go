package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sersync/sersync/engine/filter"
)

// Format is where a config came from.
type Format uint8

const (
	// XML is sersync2's confxml.xml: what is missing has sersync2's meaning.
	XML Format = iota
	// YAML is the program's own.
	YAML
	// Flags is a command line.
	Flags
)

func (f Format) String() string { return [...]string{"XML", "YAML", "flags"}[f] }

// Config says what is mirrored where.
type Config struct {
	File   string // as given to Load; "" for Flags
	Format Format
	Trees  []Tree
	// Debug prints events and rsync's command lines.
	Debug bool
	// XFS is sersync2's <fileSystem xfs="true"/>: never trust d_type.
	XFS bool
	// Engine is how changes are seen: auto, inotify, fanotify, ebpf or poll.
	Engine string
	// Host is where a listener listens, if one is asked for. It never opens a port by itself.
	Host    Host
	Plugins []Plugin
	// Inactive says in words which parts are read and kept, but not acted on by this version.
	Inactive []string
	// Warnings is what Load has to say though nothing is wrong.
	Warnings []Finding
}

// Host is an address.
type Host struct {
	IP   string
	Port int
}

// defaultHost is what sersync2 shipped.
var defaultHost = Host{IP: "localhost", Port: 8008}

// The engines by name, and what XML and YAML leave out.
const (
	EngineAuto = "auto"
	// DefaultLargeFile is the size above which a file is sent alone and resumably.
	DefaultLargeFile = 64 << 20
	// DefaultWorkers is how many rsync runs a target may have at once. Eight are no faster than
	// four: 8,000 changed files took 2.6, 1.38, 1.16 and 1.15 s with 1, 2, 4 and 8 runs on two
	// cores, and each takes one of the daemon's connections.
	DefaultWorkers = 4
	// XMLWorkers is sersync2's -n 10. It is a ceiling, not a number that is always reached.
	XMLWorkers = 10
)

// maxFile bounds a config: a file larger than this is something else.
const maxFile = 4 << 20

// Load reads a config, XML or YAML by its content. The error holds every fault (FindingsOf).
func Load(path string) (*Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	if len(src) > maxFile {
		return nil, Findings{{
			File: path, Severity: Error, What: "is larger than 4 MiB",
			Remedy: "this is no config",
		}}
	}
	return Parse(path, src)
}

// Parse is Load of a file that was read already.
func Parse(path string, src []byte) (*Config, error) {
	r := &report{file: path}
	c := &Config{File: path, Engine: EngineAuto, Host: defaultHost}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if looksLikeXML(src) {
		c.Format = XML
		readXML(src, c, r)
	} else {
		c.Format = YAML
		readYAML(src, c, r)
	}
	return c.finish(r)
}

// finish is what all formats have in common at the end.
func (c *Config) finish(r *report) (*Config, error) {
	nameTargets(c.Trees)
	for i := range c.Trees {
		t := &c.Trees[i]
		t.checkRules(r)
		for j := range t.Targets {
			t.Targets[j].User = userOf(t.Targets[j].Dest)
		}
	}
	c.Inactive = c.inactive()
	errs, rest := r.split()
	if errs != nil {
		return nil, errs
	}
	c.Warnings = rest
	return c, nil
}

// SetWorkers sets the ceiling of runs of every target (-n).
func (c *Config) SetWorkers(n int) {
	for i := range c.Trees {
		for j := range c.Trees[i].Targets {
			c.Trees[i].Targets[j].Workers = n
		}
	}
}

// looksLikeXML is whether the first thing in src is a "<", but for blanks, comments and the line
// numbers of a listing.
func looksLikeXML(src []byte) bool {
	for line := range bytes.Lines(src) {
		line = bytes.TrimLeft(line, " \t\r\n0123456789")
		if len(line) > 0 && line[0] != '#' {
			return line[0] == '<'
		}
	}
	return false
}

// inactive says which parts of the config this version keeps without acting on them.
func (c *Config) inactive() (all []string) {
	if c.Engine != EngineAuto && c.Engine != "inotify" {
		all = append(all, "engine: "+c.Engine+": changes are seen by inotify, nothing else yet")
	}
	for i := range c.Trees {
		t := &c.Trees[i]
		if off := t.Events.followedAnyway(); off != "" {
			all = append(all, show(t.Path)+": "+off+": off, but followed all the same; "+
				"to leave names out write a filter")
		}
		if t.Crontab != nil {
			all = append(all, show(t.Path)+": crontab: no full pass is made by schedule yet; "+
				"run \"sersync sync\" by cron, or restart with -r")
		}
		if t.FailLog != nil && t.FailLog.Line > 0 {
			all = append(all, show(t.Path)+": failLog: no script is written yet; "+
				"what failed is tried again by the program, and is in its log")
		}
	}
	for _, p := range c.Plugins {
		if p.Start {
			all = append(all, "plugin "+p.Name+": plugins are not called yet")
		}
	}
	return all
}

// show is a path for people: quoted where it holds what a terminal would not show.
func show(path string) string {
	if q := strconv.Quote(path); q != `"`+path+`"` {
		return q
	}
	return path
}

// Rules builds the tree's filter. stateDirs are the directories that the program itself writes;
// those that lie in the tree, also by way of symlinks, are left out.
func (t *Tree) Rules(stateDirs ...string) (*filter.Rules, error) {
	o := t.Filter
	o.Root, o.StateDirs = t.Path, nil
	for _, dir := range stateDirs {
		below, err := filepath.Rel(resolved(t.Path), resolved(dir))
		if err == nil && filepath.IsLocal(below) {
			o.StateDirs = append(o.StateDirs, filepath.Join(t.Path, below))
		}
	}
	return filter.New(o)
}

// checkRules reports what is wrong with the tree's filter.
func (t *Tree) checkRules(r *report) {
	rules, err := t.Rules()
	for _, e := range filter.RuleErrors(err) {
		r.all = append(r.all, Finding{e.File, e.Line, Error, fmt.Sprintf("%q %s", e.Text, e.What), "filter", e.Remedy})
	}
	for _, w := range rules.Warnings() {
		r.all = append(r.all, Finding{w.File, w.Line, Warning, fmt.Sprintf("%q %s", w.Text, w.What), "filter", w.Remedy})
	}
}
