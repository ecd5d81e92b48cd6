package config

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
)

// YAML writes the config so that Load of it has the same meaning. What has YAML's default is left
// out.
func (c *Config) YAML() ([]byte, error) {
	m := &mapNode{}
	m.flag("debug", c.Debug, false)
	m.flag("xfs", c.XFS, false)
	m.text("engine", c.Engine, EngineAuto)
	if c.Host != defaultHost {
		h := &mapNode{}
		h.text("ip", c.Host.IP, "")
		h.number("port", int64(c.Host.Port), 0)
		m.put("host", h.node())
	}
	var trees, plugins []*yaml.Node
	for i := range c.Trees {
		trees = append(trees, c.Trees[i].node())
	}
	for i := range c.Plugins {
		plugins = append(plugins, c.Plugins[i].node())
	}
	m.list("trees", trees)
	m.list("plugins", plugins)
	return yaml.Dump(m.node())
}

func (t *Tree) node() *yaml.Node {
	m, d := &mapNode{}, newTree()
	m.text("path", t.Path, "")
	m.flag("second", t.Second, false)
	m.flag("crossMounts", t.CrossMounts, d.CrossMounts)
	if t.LargeFile != d.LargeFile {
		m.text("largeFile", formatSize(t.LargeFile), "")
	}
	m.text("openFiles", t.OpenFiles.String(), d.OpenFiles.String())
	m.flag("tempFiles", t.Filter.TempFiles, false)
	e := &mapNode{}
	e.flag("delete", t.Events.Delete, true)
	e.flag("createFolder", t.Events.CreateFolder, true)
	e.flag("createFile", t.Events.CreateFile, true)
	e.flag("closeWrite", t.Events.CloseWrite, true)
	e.flag("moveFrom", t.Events.MoveFrom, true)
	e.flag("moveTo", t.Events.MoveTo, true)
	e.flag("attrib", t.Events.Attrib, true)
	e.flag("modify", t.Events.Modify, true)
	m.put("events", e.node())
	var exprs []string
	for _, x := range t.Filter.Sersync2 {
		exprs = append(exprs, x.Expr)
	}
	m.texts("expressions", exprs)
	m.texts("filter", ruleTexts(t.Filter.Rsync))
	if c := t.Crontab; c != nil {
		n := &mapNode{}
		n.duration("every", c.Every)
		n.text("cron", c.Cron, "")
		n.texts("filter", ruleTexts(c.Filter))
		m.put("crontab", n.node())
	}
	if f := t.FailLog; f != nil {
		n := &mapNode{}
		n.text("path", f.Path, "")
		n.duration("every", f.Every)
		m.put("failLog", n.node())
	}
	var targets []*yaml.Node
	for i := range t.Targets {
		targets = append(targets, t.Targets[i].node())
	}
	m.list("targets", targets)
	return m.node()
}

func ruleTexts(rules []filter.RsyncRule) (texts []string) {
	for _, r := range rules {
		texts = append(texts, r.FilterText())
	}
	return texts
}

func (t *Target) node() *yaml.Node {
	m, d := &mapNode{}, newTarget()
	m.text("to", t.Dest, "")
	m.text("name", t.Name, t.Dest)
	m.texts("rsync", t.Args)
	m.texts("rsh", t.RSH)
	m.number("port", int64(t.Port), 0)
	m.text("passwordFile", t.PasswordFile, "")
	m.timeout("timeout", t.Timeout)
	m.timeout("connectTimeout", t.ConTimeout)
	m.flag("hardLinks", t.HardLinks, false)
	m.number("workers", int64(t.Workers), int64(d.Workers))
	m.flag("warm", t.Warm, d.Warm)
	m.text("delete", t.Delete, d.Delete)
	m.text("maxDelete", limitText(t.MaxDelete), "")
	if t.BwLimit != 0 {
		m.text("bwLimit", formatSize(t.BwLimit), "")
	}
	if t.Backup.On {
		n := &mapNode{}
		n.text("dir", t.Backup.Dir, "")
		n.text("suffix", t.Backup.Suffix, "")
		m.put("backup", n.nodeOrEmpty())
	}
	return m.node()
}

// limitText is what guard.ParseLimit reads back.
func limitText(l guard.Limit) string {
	switch {
	case l.Names < 0:
		return "none"
	case l.Names > 0:
		return strconv.FormatInt(l.Names, 10)
	case l.Share > 0:
		return strconv.FormatFloat(l.Share*100, 'g', -1, 64) + "%"
	}
	return ""
}

func (p *Plugin) node() *yaml.Node {
	m := &mapNode{}
	m.text("name", p.Name, "")
	m.flag("start", p.Start, false)
	m.text("watch", p.Watch, "")
	if c := p.Command; c != nil {
		n := &mapNode{}
		n.text("prefix", c.Prefix, "")
		n.text("suffix", c.Suffix, "")
		n.flag("ignoreError", c.IgnoreError, false)
		n.texts("include", c.Include)
		m.put("command", n.nodeOrEmpty())
	}
	if s := p.Socket; s != nil {
		n := &mapNode{}
		n.text("ip", s.IP, "")
		n.number("port", int64(s.Port), 0)
		m.put("socket", n.nodeOrEmpty())
	}
	if c := p.CDN; c != nil {
		n := &mapNode{}
		n.text("domain", c.Domain, "")
		n.number("port", int64(c.Port), 0)
		n.text("user", c.User, "")
		n.text("password", c.Password, "")
		n.text("base", c.Base, "")
		n.flag("regex", c.Regex, false)
		n.text("match", c.Match, "")
		m.put("refreshCDN", n.nodeOrEmpty())
	}
	return m.node()
}

// mapNode builds a mapping; what has its default is left out.
type mapNode struct{ content []*yaml.Node }

// node is the mapping, nil if it is empty.
func (m *mapNode) node() *yaml.Node {
	if len(m.content) == 0 {
		return nil
	}
	return m.nodeOrEmpty()
}

func (m *mapNode) nodeOrEmpty() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: m.content}
	if len(m.content) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}

func (m *mapNode) put(key string, value *yaml.Node) {
	if value != nil {
		m.content = append(m.content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
	}
}

func (m *mapNode) text(key, value, missing string) {
	if value != missing {
		m.put(key, textNode(value))
	}
}

func (m *mapNode) flag(key string, value, missing bool) {
	if value != missing {
		m.put(key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(value)})
	}
}

func (m *mapNode) number(key string, value, missing int64) {
	if value != missing {
		m.put(key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(value, 10)})
	}
}

func (m *mapNode) duration(key string, d time.Duration) {
	if d != 0 {
		m.text(key, formatDuration(d), "")
	}
}

func (m *mapNode) timeout(key string, d time.Duration) {
	if d < 0 {
		m.text(key, "none", "")
		return
	}
	m.duration(key, d)
}

func (m *mapNode) texts(key string, values []string) {
	var nodes []*yaml.Node
	for _, v := range values {
		nodes = append(nodes, textNode(v))
	}
	m.list(key, nodes)
}

func (m *mapNode) list(key string, nodes []*yaml.Node) {
	if nodes != nil {
		m.put(key, &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: nodes})
	}
}

// textNode is a text, or base64 of bytes that YAML can't hold.
func textNode(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if !utf8.ValidString(s) {
		n.Tag, n.Value = "!!binary", base64.StdEncoding.EncodeToString([]byte(s))
	}
	return n
}
