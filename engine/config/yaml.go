package config

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
)

func sortedKeys(k keys) []string { return slices.Sorted(maps.Keys(k)) }

var engines = []string{EngineAuto, "inotify", "fanotify", "ebpf", "poll"}

func readYAML(src []byte, c *Config, r *report) {
	root, ok := parseYAML(src, r)
	if !ok {
		return
	}
	y := &yamlReader{report: r}
	y.mapping(root, "", keys{
		"debug":  y.setBool(&c.Debug),
		"xfs":    y.setBool(&c.XFS),
		"engine": y.oneOf(&c.Engine, engines),
		"host": func(n *yaml.Node, where string) {
			y.mapping(n, where, keys{"ip": y.setText(&c.Host.IP), "port": y.setInt(&c.Host.Port, 1, 65535)})
		},
		"trees": func(n *yaml.Node, where string) {
			y.list(n, where, func(n *yaml.Node, where string) { c.Trees = append(c.Trees, y.tree(n, where)) })
		},
		"plugins": func(n *yaml.Node, where string) {
			y.list(n, where, func(n *yaml.Node, where string) { c.Plugins = append(c.Plugins, y.plugin(n, where)) })
		},
	})
	if len(c.Trees) == 0 {
		r.fault(root.Line, "trees", "there is none, so nothing is watched", "add trees: with a path and targets")
	}
}

// newTree is a tree with the defaults of YAML and the command line.
func newTree() Tree {
	return Tree{Events: allEvents, OpenFiles: OpenFiles{Max: DefaultOpenFiles}, LargeFile: DefaultLargeFile}
}

func (y *yamlReader) tree(n *yaml.Node, where string) Tree {
	t := newTree()
	t.Line = n.Line
	y.mapping(n, where, keys{
		"path":        y.setPath(&t.Path),
		"crossMounts": y.setBool(&t.CrossMounts),
		"largeFile":   parsed(y, &t.LargeFile, parseSize),
		"openFiles":   parsed(y, &t.OpenFiles, ParseOpenFiles),
		"tempFiles":   y.setBool(&t.Filter.TempFiles),
		"second":      y.setBool(&t.Second),
		"events":      func(n *yaml.Node, where string) { y.events(n, where, &t.Events) },
		"filter": func(n *yaml.Node, where string) {
			t.Filter.Rsync = y.rules(n, where)
		},
		"expressions": func(n *yaml.Node, where string) {
			y.list(n, where, func(n *yaml.Node, where string) {
				if s, ok := y.text(n, where); ok {
					t.Filter.Sersync2 = append(t.Filter.Sersync2, filter.Regex{Expr: s, Source: y.source(n)})
				}
			})
		},
		"crontab": func(n *yaml.Node, where string) { t.Crontab = y.crontab(n, where) },
		"failLog": func(n *yaml.Node, where string) { t.FailLog = y.failLog(n, where) },
		"targets": func(n *yaml.Node, where string) {
			y.list(n, where, func(n *yaml.Node, where string) { t.Targets = append(t.Targets, y.target(n, where)) })
		},
	})
	if !y.has(n, "path") {
		y.fault(n.Line, join(where, "path"), "is missing", "write the directory to be mirrored")
	}
	if len(t.Targets) == 0 {
		y.fault(n.Line, join(where, "targets"), "there is none, so the tree is mirrored nowhere", "add targets: with to:")
	}
	if !t.Events.Delete { // as in an XML; of two keys that contradict each other the one that keeps
		for i := range t.Targets {
			t.Targets[i].Delete = guard.Never.String()
		}
	}
	return t
}

func (y *yamlReader) source(n *yaml.Node) filter.Source {
	return filter.Source{File: y.file, Line: n.Line}
}

func (y *yamlReader) setPath(to *string) func(*yaml.Node, string) {
	return parsed(y, to, func(s string) (string, error) {
		if !filepath.IsAbs(s) {
			return "", fmt.Errorf("%q is not an absolute path", s)
		}
		return filepath.Clean(s), nil
	})
}

func (y *yamlReader) events(n *yaml.Node, where string, e *Events) {
	y.mapping(n, where, keys{
		"delete": y.setBool(&e.Delete), "createFolder": y.setBool(&e.CreateFolder),
		"createFile": y.setBool(&e.CreateFile), "closeWrite": y.setBool(&e.CloseWrite),
		"moveFrom": y.setBool(&e.MoveFrom), "moveTo": y.setBool(&e.MoveTo),
		"attrib": y.setBool(&e.Attrib), "modify": y.setBool(&e.Modify),
	})
}

func (y *yamlReader) rules(n *yaml.Node, where string) (all []filter.RsyncRule) {
	y.list(n, where, func(n *yaml.Node, where string) {
		if s, ok := y.text(n, where); ok {
			all = append(all, filter.RsyncRule{Text: s, Source: y.source(n)})
		}
	})
	return all
}

func (y *yamlReader) crontab(n *yaml.Node, where string) *Crontab {
	c := &Crontab{Line: n.Line}
	y.mapping(n, where, keys{
		"every": parsed(y, &c.Every, parseDuration),
		"cron": parsed(y, &c.Cron, func(s string) (string, error) {
			if n := len(strings.Fields(s)); n != 5 {
				return "", fmt.Errorf("%q has %d fields, not minute, hour, day, month and weekday", s, n)
			}
			return s, nil
		}),
		"filter": func(n *yaml.Node, where string) { c.Filter = y.rules(n, where) },
	})
	if (c.Every == 0) == (c.Cron == "") {
		y.fault(n.Line, where, "needs either every: or cron:", `write every: 10h or cron: "0 3 * * *"`)
	}
	return c
}

func (y *yamlReader) failLog(n *yaml.Node, where string) *FailLog {
	f := &FailLog{Line: n.Line, Every: shippedFailMinutes * time.Minute}
	y.mapping(n, where, keys{
		"path":  y.setPath(&f.Path),
		"every": parsed(y, &f.Every, parseDuration),
	})
	if !y.has(n, "path") {
		y.fault(n.Line, join(where, "path"), "is missing", "write the file's path")
	}
	return f
}

func (y *yamlReader) target(n *yaml.Node, where string) Target {
	t := newTarget()
	t.Line = n.Line
	if m := y.real(n); m.Kind == yaml.ScalarNode { // targets: [host::module]
		y.dest(n, where, &t)
		return t
	}
	var words []string
	y.mapping(n, where, keys{
		"to":             func(n *yaml.Node, where string) { y.dest(n, where, &t) },
		"name":           y.setText(&t.Name),
		"rsync":          func(n *yaml.Node, where string) { words = y.words(n, where) },
		"rsh":            func(n *yaml.Node, where string) { t.RSH = y.words(n, where) },
		"port":           y.setInt(&t.Port, 1, 65535),
		"passwordFile":   y.setPath(&t.PasswordFile),
		"timeout":        parsed(y, &t.Timeout, parseTimeout),
		"connectTimeout": parsed(y, &t.ConTimeout, parseTimeout),
		"hardLinks":      y.setBool(&t.HardLinks),
		"workers":        y.setInt(&t.Workers, 1, 1000),
		"warm":           y.setBool(&t.Warm),
		"delete":         y.oneOf(&t.Delete, deleteModes),
		"maxDelete":      parsed(y, &t.MaxDelete, guard.ParseLimit),
		"bwLimit":        parsed(y, &t.BwLimit, parseSize),
		"backup": func(n *yaml.Node, where string) {
			t.Backup.On = true
			y.mapping(n, where, keys{"dir": y.setText(&t.Backup.Dir), "suffix": y.setText(&t.Backup.Suffix)})
		},
	})
	if !y.has(n, "to") {
		y.fault(n.Line, join(where, "to"), "is missing", "write the destination: host::module, user@host:/dir or /dir")
	}
	y.rsync(n, join(where, "rsync"), words, &t)
	return t
}

func (y *yamlReader) dest(n *yaml.Node, where string, t *Target) {
	s, ok := y.text(n, where)
	if !ok {
		return
	}
	t.Dest = s
	switch _, err := DestinationOf(s); {
	case errors.Is(err, errNoModule):
		y.warn(n.Line, where, err.Error(), "")
	case err != nil:
		y.fault(n.Line, where, err.Error(), "")
	}
}

// words reads a list of words, or one text that is split as a shell would.
func (y *yamlReader) words(n *yaml.Node, where string) (words []string) {
	if y.real(n).Kind == yaml.SequenceNode {
		y.list(n, where, func(n *yaml.Node, where string) {
			if s, ok := y.text(n, where); ok {
				words = append(words, s)
			}
		})
		return words
	}
	s, _ := y.text(n, where)
	words, _, err := Split(s)
	if err != nil {
		y.fault(n.Line, where, err.Error(), "close it")
	}
	return words
}

// rsync sorts a target's further options; what has a key of its own is not one of them.
func (y *yamlReader) rsync(n *yaml.Node, where string, words []string, t *Target) {
	cl := classifier{
		report: y.report, line: n.Line, where: where, archive: true, rules: readSmall,
	}
	p := cl.classify(words)
	for _, own := range []struct {
		key string
		set bool
	}{
		{"the tree's filter", p.filters != nil},
		{"hardLinks", p.hardLinks},
		{"the tree's crossMounts", p.oneFS},
		{"delete", p.deletes || p.noDelete},
		{"maxDelete", p.maxDelete != guard.Limit{}},
		{"backup", p.backup != Backup{}},
		{"rsh", p.rsh != nil},
		{"port", p.port != 0},
		{"passwordFile", p.password != ""},
		{"timeout", p.timeout != 0},
		{"connectTimeout", p.conTimeout != 0},
		{"bwLimit", p.bwLimit != 0},
	} {
		if own.set {
			y.fault(n.Line, where, "sets what has a key of its own", "write it as "+own.key)
		}
	}
	t.Args = p.args
}

// parseTimeout reads a duration of whole seconds, or "none".
func parseTimeout(s string) (time.Duration, error) {
	if s == "none" {
		return -time.Second, nil
	}
	d, err := parseDuration(s)
	switch {
	case err != nil:
		return 0, err
	case d < time.Second || d%time.Second != 0 || d > math.MaxInt32*time.Second:
		return 0, errors.New("a timeout is a whole number of seconds, or none")
	}
	return d, nil
}
