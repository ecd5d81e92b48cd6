package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// plugins reads the definitions in <head> and what <sersync> says which of them is called.
func (x *xmlReader) plugins(head, s *element) {
	for _, e := range head.all("plugin") {
		if !isUse(e) {
			x.c.Plugins = append(x.c.Plugins, x.plugin(e))
		}
	}
	for _, use := range s.all("plugin") {
		if isUse(use) {
			x.use(use)
		}
	}
}

// isUse tells <plugin start="…" name="…"/> of <sersync> from a definition. A bare <sersync> root
// may hold both.
func isUse(e *element) bool {
	_, ok := e.attrs["start"]
	return ok
}

func (x *xmlReader) use(e *element) {
	name, ok := x.pluginName(e)
	if !x.flag(e, "start", false) || !ok {
		return
	}
	i := slices.IndexFunc(x.c.Plugins, func(p Plugin) bool { return p.Name == name })
	if i < 0 {
		if name != "http" {
			x.warn(e.line, "plugin", fmt.Sprintf("%s is turned on, but there is no <plugin name=%q> that says what it does", name, name),
				"define it in <head>")
		}
		x.c.Plugins = append(x.c.Plugins, Plugin{Name: name, Line: e.line, Start: true})
		return
	}
	p := &x.c.Plugins[i]
	p.Start = true
	if p.Watch != "" && len(x.c.Trees) > 0 && p.Watch != x.c.Trees[0].Path {
		x.warn(p.Line, "plugin/localpath@watch", fmt.Sprintf("sersync2 would have mirrored %s instead of %s; it is not",
			p.Watch, x.c.Trees[0].Path), "")
	}
}

// pluginName is the name as sersync2 spelled it.
func (x *xmlReader) pluginName(e *element) (string, bool) {
	given := x.attr(e, "name", "")
	for _, n := range pluginNames {
		if strings.EqualFold(n, given) {
			return n, true
		}
	}
	remedy := suggest(given, pluginNames)
	if remedy == "" {
		remedy = "the plugins are " + strings.Join(pluginNames, ", ")
	}
	x.fault(e.line, "plugin@name", fmt.Sprintf("%q is not a plugin", given), remedy)
	return given, false
}

func (x *xmlReader) plugin(e *element) Plugin {
	name, _ := x.pluginName(e)
	p := Plugin{Name: name, Line: e.line}
	local := e.child("localpath")
	if w := x.attr(local, "watch", ""); w != "" {
		p.Watch = filepath.Clean(w)
	}
	switch name {
	case "command":
		param := e.child("param")
		p.Command = &CommandPlugin{
			Prefix: x.attr(param, "prefix", ""), Suffix: x.attr(param, "suffix", ""),
			IgnoreError: x.flag(param, "ignoreError", false),
		}
		for _, re := range x.regexes(e.child("filter"), "include") {
			p.Command.Include = append(p.Command.Include, re.Expr)
		}
	case "socket":
		d := local.child("deshost")
		p.Socket = &SocketPlugin{IP: x.attr(d, "ip", ""), Port: x.number(d, "port", 8009, 65535)}
	case "refreshCDN":
		info, match := local.child("cdninfo"), local.child("regexurl")
		p.CDN = &CDNPlugin{
			Domain: x.attr(info, "domainname", ""), Port: x.number(info, "port", 80, 65535),
			User: x.attr(info, "username", ""), Password: x.attr(info, "passwd", ""),
			Base:  x.attr(local.child("sendurl"), "base", ""),
			Regex: x.flag(match, "regex", false), Match: x.attr(match, "match", ""),
		}
	}
	return p
}
