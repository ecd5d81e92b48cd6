package config

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
)

// What sersync2 shipped.
const (
	shippedParams      = "-artuz"
	shippedFailLog     = "/tmp/rsync_fail_log.sh"
	failLogName        = "rsync_fail_log.sh"
	shippedPort        = 874
	shippedTimeout     = 100 // seconds
	shippedFailMinutes = 60
	shippedSchedule    = 600 // minutes
)

// trees reads every <localpath> of <sersync>. All share the other elements.
func (x *xmlReader) trees(s *element, ev Events, regexes []filter.Regex) {
	local := s.all("localpath")
	if len(local) == 0 {
		x.fault(s.line, "localpath", "there is none, so nothing is watched",
			`add <localpath watch="/dir"><remote ip="host" name="module"/></localpath>`)
		return
	}
	rsync := s.child("rsync")
	failLog, crontab := x.failLog(s.child("failLog")), x.crontab(s.child("crontab"))
	for i, l := range local {
		t := Tree{
			Line: l.line, Events: ev, Second: i > 0, LargeFile: DefaultLargeFile,
			FailLog: failLog, Crontab: crontab, OpenFiles: OpenFiles{Wait: WaitClose},
		}
		if ev.Modify {
			t.OpenFiles.Wait = WaitNever
		}
		if t.Second {
			x.warn(l.line, "localpath", "sersync2 ignored every localpath but the first; this one is mirrored",
				"remove it if it should not be; its targets count as never compared")
		}
		t.Path = x.watch(l)
		t.Filter = filter.Options{Sersync2: regexes, TempFiles: true}
		x.remotes(l, rsync, &t)
		x.c.Trees = append(x.c.Trees, t)
	}
}

// watch is the tree's path.
func (x *xmlReader) watch(l *element) string {
	p := x.attr(l, "watch", "")
	if p == "" {
		x.fault(l.line, "localpath@watch", "is empty", "write the directory to be mirrored")
		return ""
	}
	if !filepath.IsAbs(p) {
		abs, err := filepath.Abs(p)
		if err != nil {
			x.fault(l.line, "localpath@watch", fmt.Sprintf("%q: %v", p, err), "write an absolute path")
			return ""
		}
		x.warn(l.line, "localpath@watch", fmt.Sprintf("%q is not absolute; %s is watched", p, abs), "write it so")
		p = abs
	}
	return filepath.Clean(p)
}

// remotes reads the targets of a tree, and what <rsync> says about all of them.
func (x *xmlReader) remotes(l, rsync *element, t *Tree) {
	base, p := x.rsync(rsync, t.Path)
	if t.Events.Delete {
		base.Delete = guard.Auto.String()
		if p.noDelete {
			x.warn(lineOf(rsync.child("commonParams")), "commonParams", "--max-delete=0: nothing is ever deleted", "")
			base.Delete = guard.Never.String()
		}
	} else {
		base.Delete = guard.Never.String()
		if p.deletes {
			x.warn(lineOf(rsync.child("commonParams")), "commonParams",
				`--delete is dropped: <delete start="false"/> says that nothing is deleted`, "turn <delete> on")
		}
	}
	t.Filter.Rsync = p.filters
	t.CrossMounts = !p.oneFS
	remotes := l.all("remote")
	if len(remotes) == 0 {
		x.fault(l.line, "localpath", "has no <remote>, so it is mirrored nowhere",
			`add <remote ip="host" name="module"/>`)
	}
	ssh := x.flag(rsync.child("ssh"), "start", false)
	for _, e := range remotes {
		if target, ok := x.remote(e, base, ssh); ok {
			t.Targets = append(t.Targets, target)
		}
	}
}

func (x *xmlReader) remote(e *element, base Target, ssh bool) (Target, bool) {
	ip, name := strings.TrimSpace(x.attr(e, "ip", "")), x.attr(e, "name", "")
	ok := true
	if ip == "" {
		x.fault(e.line, "remote@ip", "is empty", "write the target's address or host name")
		ok = false
	}
	if name == "" {
		x.fault(e.line, "remote@name", "is empty", "write the module of rsyncd.conf, or with ssh the directory")
		ok = false
	}
	if strings.ContainsAny(ip, "/ \t") || strings.HasPrefix(ip, "-") {
		x.fault(e.line, "remote@ip", fmt.Sprintf("%q is not an address or host name", ip), "")
		ok = false
	}
	t := base
	t.Line = e.line
	t.Args, t.RSH = append([]string(nil), base.Args...), append([]string(nil), base.RSH...)
	host := bracketed(ip)
	if t.User != "" {
		host = t.User + "@" + host
	}
	t.Dest = host + "::" + name
	if ssh {
		if strings.HasPrefix(name, "//") { // "host://dir" would be a URL
			name = path.Clean(name)
		}
		t.Dest = host + ":" + name
	} else if strings.HasPrefix(name, "/") {
		x.warn(e.line, "remote@name", fmt.Sprintf("%q is a path, and a daemon knows modules by name", name),
			`write the module's name, or turn <ssh start="true"/> on`)
	}
	return t, ok
}

// rsync reads <rsync>: what all targets have in common.
func (x *xmlReader) rsync(e *element, dir string) (Target, params) {
	t := newTarget()
	t.Workers = XMLWorkers
	ssh := x.flag(e.child("ssh"), "start", false)
	p := x.commonParams(e.child("commonParams"), dir)
	t.Args, t.RSH, t.Port, t.PasswordFile = p.args, p.rsh, p.port, p.password
	t.Timeout, t.ConTimeout, t.HardLinks = p.timeout, p.conTimeout, p.hardLinks
	t.BwLimit, t.MaxDelete, t.Backup = p.bwLimit, p.maxDelete, p.backup
	if a := e.child("auth"); x.flag(a, "start", false) {
		t.User = x.attr(a, "users", "")
		if f := x.attr(a, "passwordfile", ""); f != "" {
			t.PasswordFile = f
		}
	}
	if t.PasswordFile != "" && !filepath.IsAbs(t.PasswordFile) && dir != "" {
		t.PasswordFile = filepath.Join(dir, t.PasswordFile) // sersync2 ran rsync there
	}
	if u := e.child("userDefinedPort"); x.flag(u, "start", false) {
		t.Port = x.number(u, "port", shippedPort, 65535)
	}
	if o := e.child("timeout"); x.flag(o, "start", false) {
		t.Timeout = time.Duration(x.number(o, "time", shippedTimeout, 1<<30)) * time.Second
	}
	if ssh {
		x.overSSH(e, &t)
	}
	return t, p
}

// overSSH turns settings of a daemon into what ssh needs.
func (x *xmlReader) overSSH(e *element, t *Target) {
	if t.RSH == nil {
		t.RSH = []string{"ssh"}
	}
	if t.Port != 0 {
		x.warn(lineOf(e.child("userDefinedPort")), "userDefinedPort",
			"sersync2 gave --port to rsync, which means nothing to ssh; it is ssh's port here",
			"remove it if ssh listens at its usual port")
		t.RSH = append(t.RSH, "-p", fmt.Sprint(t.Port))
		t.Port = 0
	}
	if t.PasswordFile != "" {
		x.warn(lineOf(e.child("auth")), "auth@passwordfile",
			"is for daemons only (rsync refuses it with ssh) and is ignored", "let ssh use a key")
		t.PasswordFile = ""
	}
	if t.ConTimeout != 0 {
		t.ConTimeout = 0 // rsync refuses it with ssh
	}
}

func (x *xmlReader) commonParams(e *element, dir string) params {
	text, line := x.attr(e, "params", shippedParams), lineOf(e)
	cl := classifier{report: x.report, line: line, where: "commonParams@params", rules: rulesBelow(dir)}
	words, special, err := Split(text)
	switch {
	case err != nil:
		x.fault(line, cl.where, fmt.Sprintf("%q %v", text, err), "close it")
		return params{}
	case len(words) == 0:
		x.warn(line, cl.where, "is empty: sersync2's deletions failed with it", "-a is used")
		cl.archive = true
	case special != "":
		x.warn(line, cl.where, fmt.Sprintf("%q: plain characters here, no shell sees them", special), "")
	}
	return cl.classify(words)
}

// rulesBelow reads a file of rules; sersync2 ran rsync in the tree.
func rulesBelow(dir string) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		return readSmall(path)
	}
}

// readSmall reads a regular file that is no larger than a config may be.
func readSmall(path string) ([]byte, error) {
	fi, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !fi.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	case fi.Size() > maxFile:
		return nil, fmt.Errorf("%s is larger than 4 MiB", path)
	}
	return os.ReadFile(path)
}

func (x *xmlReader) failLog(e *element) *FailLog {
	f := &FailLog{
		Path: x.attr(e, "path", shippedFailLog), Line: lineOf(e),
		Every: x.minutes(e, "timeToExecute", shippedFailMinutes),
	}
	if f.Path == "" {
		x.warn(f.Line, "failLog@path", "is empty", shippedFailLog+" is used")
		f.Path = shippedFailLog
	}
	fi, err := os.Stat(f.Path)
	if strings.HasSuffix(f.Path, "/") || err == nil && fi.IsDir() {
		f.Path = filepath.Join(f.Path, failLogName)
		x.warn(f.Line, "failLog@path", "is a directory, where sersync2 wrote no log at all", f.Path+" is used")
	}
	return f
}

// crontab reads the schedule and its filter; nil if it is off.
func (x *xmlReader) crontab(e *element) *Crontab {
	cf := e.child("crontabfilter")
	excludes := cf.all("exclude")
	if !x.flag(e, "start", false) {
		return nil
	}
	c := &Crontab{Every: x.minutes(e, "schedule", shippedSchedule), Line: e.line}
	if !x.flag(cf, "start", false) {
		return c
	}
	for _, ex := range excludes {
		r := filter.RsyncRule{Text: x.attr(ex, "expression", ""), Form: filter.ExcludeForm}
		if r.Text == "" {
			x.warn(ex.line, "crontabfilter/exclude", "has no expression", "remove it")
			continue
		}
		c.Filter = append(c.Filter, filter.RsyncRule{
			Text:   r.FilterText(),
			Source: filter.Source{File: x.file, Line: ex.line},
		})
	}
	return c
}

// lineOf is the element's line, 0 if it is missing.
func lineOf(e *element) int {
	if e == nil {
		return 0
	}
	return e.line
}
