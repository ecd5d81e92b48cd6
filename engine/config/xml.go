package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sersync/sersync/engine/filter"
)

// schema is what sersync2 knows: per element its attributes and children.
var schema = map[string]struct{ attrs, children []string }{
	"head": {[]string{"version"}, []string{"host", "debug", "fileSystem", "filter", "inotify", "sersync", "plugin"}},
	"host": {attrs: []string{"hostip", "port"}}, "debug": {attrs: []string{"start"}},
	"filesystem": {attrs: []string{"xfs"}},
	"filter":     {[]string{"start"}, []string{"exclude", "include"}},
	"exclude":    {attrs: []string{"expression"}}, "include": {attrs: []string{"expression"}},
	"inotify": {nil, []string{"delete", "createFolder", "createFile", "closeWrite", "moveFrom", "moveTo", "attrib", "modify"}},
	"delete":  {attrs: []string{"start"}}, "createfolder": {attrs: []string{"start"}},
	"createfile": {attrs: []string{"start"}}, "closewrite": {attrs: []string{"start"}},
	"movefrom": {attrs: []string{"start"}}, "moveto": {attrs: []string{"start"}},
	"attrib": {attrs: []string{"start"}}, "modify": {attrs: []string{"start"}},
	"sersync":         {nil, []string{"localpath", "rsync", "failLog", "crontab", "plugin"}},
	"localpath":       {[]string{"watch"}, []string{"remote", "deshost", "cdninfo", "sendurl", "regexurl"}},
	"remote":          {attrs: []string{"ip", "name"}},
	"rsync":           {nil, []string{"commonParams", "auth", "userDefinedPort", "timeout", "ssh"}},
	"commonparams":    {attrs: []string{"params"}},
	"auth":            {attrs: []string{"start", "users", "passwordfile"}},
	"userdefinedport": {attrs: []string{"start", "port"}}, "timeout": {attrs: []string{"start", "time"}},
	"ssh": {attrs: []string{"start"}}, "faillog": {attrs: []string{"path", "timeToExecute"}},
	"crontab":       {[]string{"start", "schedule"}, []string{"crontabfilter"}},
	"crontabfilter": {[]string{"start"}, []string{"exclude"}},
	"plugin":        {[]string{"start", "name"}, []string{"param", "filter", "localpath"}},
	"param":         {attrs: []string{"prefix", "suffix", "ignoreError"}},
	"deshost":       {attrs: []string{"ip", "port"}},
	"cdninfo":       {attrs: []string{"domainname", "port", "username", "passwd"}},
	"sendurl":       {attrs: []string{"base"}}, "regexurl": {attrs: []string{"regex", "match"}},
}

// xmlReader reads sersync2's elements into a Config.
type xmlReader struct {
	*report
	c *Config
}

func readXML(src []byte, c *Config, r *report) {
	doc, ok := parseXML(src, r)
	if !ok {
		return
	}
	x := &xmlReader{report: r, c: c}
	if len(doc.children) == 0 {
		r.fault(1, "", "holds no element", "see sersync2's confxml.xml: <head version=\"2.5\"> … </head>")
		return
	}
	root := doc.children[0]
	for _, more := range doc.children[1:] {
		r.fault(more.line, "", fmt.Sprintf("<%s> stands outside <%s>", more.name, root.name),
			fmt.Sprintf("move it before </%s>", root.name))
	}
	switch root.name {
	case "head":
		x.head(root, root.all("sersync"))
	case "sersync": // as the guides show it, and all else has its default
		x.head(root, []*element{root})
	default:
		r.fault(root.line, "", fmt.Sprintf("the root element is <%s>", root.name), "it must be <head>")
		return
	}
	x.unknown(root)
}

// head reads everything; sersync are the <sersync> elements.
func (x *xmlReader) head(head *element, sersync []*element) {
	if len(sersync) != 1 {
		line := head.line
		if len(sersync) > 1 {
			line = sersync[1].line
		}
		x.fault(line, "sersync", fmt.Sprintf("there are %d <sersync> elements", len(sersync)), "there must be one")
		return
	}
	x.c.Debug = x.flag(head.child("debug"), "start", false)
	x.c.XFS = x.flag(head.child("fileSystem"), "xfs", false)
	x.host(head.child("host"))
	events := x.events(head.child("inotify"))
	regexes := x.regexes(head.child("filter"), "exclude")
	x.differences(head.child("filter"), sersync[0].child("crontab"), len(regexes) > 0)
	x.trees(sersync[0], events, regexes)
	x.plugins(head, sersync[0])
}

// differences notes where a filter did not mean to sersync2 what it means here.
func (x *xmlReader) differences(f, crontab *element, filtered bool) {
	if !filtered {
		return
	}
	x.add(Note, f.line, "filter", "full passes (-r, crontab) and moved-in directories obey it too; "+
		"sersync2 refused -r with a filter and sent the rest whole", "")
	if x.flag(crontab, "start", false) && !x.flag(crontab.child("crontabfilter"), "start", false) {
		x.add(Note, crontab.line, "crontab", "is on; sersync2 switched it off where a filter was on and no crontabfilter", "")
	}
}

func (x *xmlReader) host(e *element) {
	x.c.Host = Host{IP: x.attr(e, "hostip", "localhost"), Port: x.number(e, "port", 8008, 65535)}
}

// attr is an attribute's value, or its default where element or attribute is missing.
func (x *xmlReader) attr(e *element, name, missing string) string {
	if e != nil {
		if v, ok := e.attrs[strings.ToLower(name)]; ok {
			return v
		}
	}
	return missing
}

// flag is an attribute that must be exactly "true"; anything else is false, as in sersync2.
func (x *xmlReader) flag(e *element, name string, missing bool) bool {
	v := x.attr(e, name, strconv.FormatBool(missing))
	if v != "true" && v != "false" {
		where := e.name + "@" + name
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true", "yes", "1", "on":
			x.warn(e.line, where, fmt.Sprintf("%q counts as false, as in sersync2", v), `write "true" to turn it on`)
		case "false", "no", "0", "off":
		default:
			x.warn(e.line, where, fmt.Sprintf("%q is neither true nor false and counts as false", v), "")
		}
	}
	return v == "true"
}

// number is an attribute between 1 and most; what is not one is said and counts as missing.
func (x *xmlReader) number(e *element, name string, missing, most int) int {
	v := x.attr(e, name, strconv.Itoa(missing))
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < 1 || n > most {
		x.warn(e.line, e.name+"@"+name, fmt.Sprintf("%q is not a number from 1 to %d", v, most),
			fmt.Sprintf("%d is used", missing))
		return missing
	}
	return n
}

func (x *xmlReader) minutes(e *element, name string, missing int) time.Duration {
	return time.Duration(x.number(e, name, missing, 10*365*24*60)) * time.Minute
}

func (x *xmlReader) events(e *element) Events {
	on := func(name string, shipped bool) bool { return x.flag(e.child(name), "start", shipped) }
	ev := Events{
		Delete:       on("delete", xmlEvents.Delete),
		CreateFolder: on("createFolder", xmlEvents.CreateFolder),
		CreateFile:   on("createFile", xmlEvents.CreateFile),
		CloseWrite:   on("closeWrite", xmlEvents.CloseWrite),
		MoveFrom:     on("moveFrom", xmlEvents.MoveFrom),
		MoveTo:       on("moveTo", xmlEvents.MoveTo),
		Attrib:       on("attrib", xmlEvents.Attrib),
		Modify:       on("modify", xmlEvents.Modify),
	}
	if !ev.CloseWrite && !ev.Modify && !ev.CreateFile {
		x.warn(e.line, "inotify", "no switch is on that tells of new content", `turn closeWrite on`)
	}
	return ev
}

// regexes are the expressions of a <filter>, if it is on.
func (x *xmlReader) regexes(e *element, kind string) (all []filter.Regex) {
	listed := e.all(kind)
	if !x.flag(e, "start", false) {
		return nil
	}
	for _, ex := range listed {
		v := x.attr(ex, "expression", "")
		if v == "" {
			x.warn(ex.line, kind, "has no expression", "remove it")
			continue
		}
		all = append(all, filter.Regex{Expr: v, Source: filter.Source{File: x.file, Line: ex.line}})
	}
	return all
}

// unknown warns of elements and attributes that nobody reads.
func (x *xmlReader) unknown(e *element) {
	known := schema[e.name]
	if e.name == "sersync" { // as a root it also holds what else stands in <head>
		known.children = append(schema["sersync"].children[:len(schema["sersync"].children):len(schema["sersync"].children)], schema["head"].children...)
	}
	for _, name := range e.given {
		if !containsFold(known.attrs, name) {
			x.warn(e.line, e.name+"@"+name, "is unknown and ignored", suggest(name, known.attrs))
		}
	}
	for _, c := range e.children {
		switch {
		case containsFold(known.children, c.name):
			x.unknown(c)
		case schema[c.name].attrs != nil || schema[c.name].children != nil:
			x.misplaced(c, e)
		default:
			x.warn(c.line, c.name, "is an unknown element and ignored", suggest(c.name, known.children))
		}
	}
}

// misplaced is about an element in the wrong place. Where it would have said what is mirrored or
// deleted, its default must not take its place.
func (x *xmlReader) misplaced(c, parent *element) {
	what := fmt.Sprintf("does not belong into <%s>", parent.name)
	for _, home := range []string{"inotify", "filter", "localpath", "rsync"} {
		if containsFold(schema[home].children, c.name) {
			x.fault(c.line, c.name, what, belongs(c.name))
			return
		}
	}
	x.warn(c.line, c.name, what+" and is ignored", belongs(c.name))
}

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

// belongs says into which element one belongs.
func belongs(name string) string {
	for _, parent := range []string{"head", "inotify", "filter", "sersync", "localpath", "rsync", "crontab", "plugin"} {
		if containsFold(schema[parent].children, name) {
			return fmt.Sprintf("move it into <%s>", parent)
		}
	}
	return ""
}
