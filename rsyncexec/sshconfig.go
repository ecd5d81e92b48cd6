package rsyncexec

import (
	"os/user"
	"path/filepath"
	"strings"
)

// sshConfig is what ssh -G -v says of its configuration. Its two streams are read by two
// goroutines, each with fields of its own.
type sshConfig struct {
	values  map[string][]string // what several lines may say, in their order
	sources []string            // files that it was read from
}

// line takes one line of standard output: a keyword in lower case and its value.
func (c *sshConfig) line(b []byte) {
	key, value, ok := strings.Cut(string(b), " ")
	if !ok {
		return
	}
	if c.values == nil {
		c.values = map[string][]string{}
	}
	c.values[key] = append(c.values[key], value)
}

// source takes one line of standard error.
func (c *sshConfig) source(b []byte) {
	if _, path, ok := strings.Cut(string(b), "Reading configuration data "); ok {
		c.sources = append(c.sources, strings.TrimRight(path, "\r"))
	}
}

func (c *sshConfig) rules() []cageRule {
	var out []cageRule
	allow := func(path string, access uint64) {
		if filepath.IsAbs(path) && filepath.Clean(path) != "/" {
			out = append(out, cageRule{path, access})
		}
	}
	for _, path := range c.sources {
		allow(path, landlockRead)
	}
	expand := c.expander()
	for _, key := range []string{"userknownhostsfile", "globalknownhostsfile", "revokedhostkeys"} {
		for _, value := range c.values[key] {
			for _, path := range strings.Fields(value) {
				allow(expand(path), landlockRead)
			}
		}
	}
	for _, path := range c.values["certificatefile"] {
		allow(expand(path), landlockRead)
	}
	for _, path := range c.values["identityfile"] {
		for _, suffix := range []string{"", ".pub", "-cert.pub"} {
			allow(expand(path)+suffix, landlockRead)
		}
	}
	for _, path := range c.values["controlpath"] {
		allow(expand(filepath.Dir(path)), landlockSocket)
	}
	return out
}

// expander undoes the tokens of ssh_config(5) that ssh -G leaves in the names of files. A name with
// another one in it becomes "", which allows nothing.
func (c *sshConfig) expander() func(string) string {
	last := func(key string) string {
		if v := c.values[key]; len(v) > 0 {
			return v[len(v)-1]
		}
		return ""
	}
	home, name := "", ""
	if u, err := user.Current(); err == nil {
		home, name = u.HomeDir, u.Username
	}
	tokens := strings.NewReplacer("%%", "%", "%d", home, "%h", last("hostname"), "%p", last("port"),
		"%r", last("user"), "%u", name, "%", "\x00")
	return func(path string) string {
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			path = filepath.Join(home, rest)
		}
		if path = tokens.Replace(path); strings.IndexByte(path, 0) >= 0 {
			return ""
		}
		return path
	}
}
