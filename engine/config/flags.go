package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
)

// FlagOptions are the options of "sersync mirror" and "sersync sync". The zero value is all
// defaults.
type FlagOptions struct {
	Rsync        []string // options for rsync, one word each; settings among them become settings
	Filter       []string // rules of rsync's --filter, before those in Rsync
	Expressions  []string // sersync2's expressions
	TempFiles    bool
	OpenFiles    string // "" is the default
	CrossMounts  bool
	RSH          string // split as a shell would
	Port         int
	PasswordFile string
	Timeout      time.Duration
	HardLinks    bool
	Workers      int  // 0 is the default
	Cold         bool // no warm connections
	Delete       string
	MaxDelete    string
	BwLimit      string // rsync's notation
	Debug        bool
	Engine       string
}

// FromFlags makes a config of a source and its destinations. Relative local paths are made
// absolute. SRC always means its contents, with or without a trailing slash.
func FromFlags(src string, dsts []string, o FlagOptions) (*Config, error) {
	r := &report{}
	c := &Config{Format: Flags, Engine: EngineAuto, Host: defaultHost, Debug: o.Debug}
	if o.Engine != "" {
		c.Engine = o.Engine
		checkWord(r, "--engine", o.Engine, engines)
	}
	t := newTree()
	t.Path = absolute(r, "SRC", src)
	t.CrossMounts = o.CrossMounts
	t.Filter.TempFiles = o.TempFiles
	for _, f := range o.Filter {
		t.Filter.Rsync = append(t.Filter.Rsync, filter.RsyncRule{Text: f})
	}
	for _, e := range o.Expressions {
		t.Filter.Sersync2 = append(t.Filter.Sersync2, filter.Regex{Expr: e})
	}
	if o.OpenFiles != "" {
		set(r, "--open-files", o.OpenFiles, &t.OpenFiles, ParseOpenFiles)
	}
	base := o.target(r, &t)
	if len(dsts) == 0 {
		r.fault(0, "DST", "there is none", "write the destination: host::module, user@host:/dir or /dir")
	}
	for _, dst := range dsts {
		d := base
		d.Dest = destination(r, dst)
		t.Targets = append(t.Targets, d)
	}
	c.Trees = []Tree{t}
	return c.finish(r)
}

// target is what all destinations have in common.
func (o FlagOptions) target(r *report, t *Tree) Target {
	cl := classifier{report: r, where: "rsync options", archive: true, rules: readSmall}
	p := cl.classify(o.Rsync)
	t.Filter.Rsync = append(t.Filter.Rsync, p.filters...)
	d := newTarget()
	d.Args, d.RSH, d.Port, d.PasswordFile = p.args, p.rsh, p.port, p.password
	d.Timeout, d.ConTimeout, d.HardLinks = p.timeout, p.conTimeout, p.hardLinks || o.HardLinks
	d.BwLimit, d.MaxDelete, d.Backup = p.bwLimit, p.maxDelete, p.backup
	d.Warm = !o.Cold
	if p.noDelete {
		d.Delete = guard.Never.String()
	}
	if o.RSH != "" {
		set(r, "--rsh", o.RSH, &d.RSH, shellWords)
	}
	if o.Port != 0 {
		d.Port = o.Port
	}
	if o.PasswordFile != "" {
		d.PasswordFile = o.PasswordFile
	}
	if d.PasswordFile != "" {
		d.PasswordFile = absolute(r, "--password-file", d.PasswordFile)
	}
	if o.Timeout != 0 {
		d.Timeout = o.Timeout
	}
	if o.Workers != 0 {
		d.Workers = o.Workers
	}
	if o.Workers < 0 {
		r.fault(0, "-n", fmt.Sprintf("%d is not a number of runs", o.Workers), "write 1 or more")
	}
	if o.Delete != "" {
		d.Delete = o.Delete
		checkWord(r, "--delete-mode", o.Delete, deleteModes)
	}
	if o.MaxDelete != "" {
		set(r, "--max-delete", o.MaxDelete, &d.MaxDelete, guard.ParseLimit)
	}
	if o.BwLimit != "" {
		set(r, "--bwlimit", o.BwLimit, &d.BwLimit, parseRsyncRate)
	}
	return d
}

func set[T any](r *report, where, text string, to *T, parse func(string) (T, error)) {
	v, err := parse(text)
	if err != nil {
		r.fault(0, where, err.Error(), "")
		return
	}
	*to = v
}

func checkWord(r *report, where, word string, words []string) {
	for _, w := range words {
		if w == word {
			return
		}
	}
	r.fault(0, where, fmt.Sprintf("%q is none of %s", word, strings.Join(words, ", ")), suggest(word, words))
}

func absolute(r *report, where, p string) string {
	if p == "" {
		r.fault(0, where, "is empty", "write a path")
		return ""
	}
	abs, err := filepath.Abs(p)
	if err != nil {
		r.fault(0, where, err.Error(), "write an absolute path")
	}
	return abs
}

// destination makes a local destination absolute, and checks any other.
func destination(r *report, dst string) string {
	if _, _, remote := splitHost(dst); dst != "" && dst[0] != '-' && !remote && dst[0] != '/' {
		dst = absolute(r, "DST", dst)
	}
	if _, err := DestinationOf(dst); err != nil {
		r.fault(0, "DST", err.Error(), "")
	}
	return dst
}
