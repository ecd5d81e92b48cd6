package config

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
)

// setting turns an option into a setting of the target.
func (c *classifier) setting(o Option, text, value string) {
	var err error
	switch o.Long {
	case "hard-links":
		c.p.hardLinks = true
	case "one-file-system":
		c.p.oneFS = true
	case "delete", "del", "delete-before", "delete-during", "delete-delay", "delete-after":
		c.p.deletes = true
	case "max-delete":
		c.p.maxDelete, c.p.noDelete, err = maxDelete(value)
	case "backup":
		c.p.backup.On = true
	case "backup-dir":
		c.p.backup.On, c.p.backup.Dir = true, value
	case "suffix":
		c.p.backup.Suffix = value
	case "rsh":
		c.p.rsh, err = shellWords(value)
	case "port":
		c.p.port, err = parsePort(value)
	case "password-file":
		c.p.password = value
	case "timeout":
		c.p.timeout, err = seconds(value)
	case "contimeout":
		c.p.conTimeout, err = seconds(value)
	case "bwlimit":
		c.p.bwLimit, err = parseRsyncRate(value)
	}
	if err != nil {
		c.fault(c.line, c.where, text+": "+err.Error(), "")
	}
}

// maxDelete reads rsync's --max-delete; none is "delete nothing".
func maxDelete(value string) (l guard.Limit, none bool, err error) {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return l, false, fmt.Errorf("%q is not a number", value)
	case n < 0:
		return guard.Limit{Names: -1}, false, nil
	}
	return guard.Limit{Names: n}, n == 0, nil
}

func shellWords(value string) ([]string, error) {
	words, _, err := Split(value)
	if err == nil && len(words) == 0 {
		err = errors.New("is empty")
	}
	return words, err
}

func parsePort(value string) (int, error) {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not a port (1-65535)", value)
	}
	return int(n), nil
}

// seconds reads a number of seconds; rsync's 0 is "no timeout", ours is less than 0.
func seconds(value string) (time.Duration, error) {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number of seconds", value)
	}
	if n == 0 {
		return -time.Second, nil
	}
	return time.Duration(min(n, math.MaxInt32)) * time.Second, nil
}

// filterRule adds to the one filter list.
func (c *classifier) filterRule(o Option, value string) {
	at := filter.Source{File: c.file, Line: c.line}
	add := func(form filter.Form, text string, src filter.Source) {
		r := filter.RsyncRule{Text: text, Form: form, Source: src}
		c.p.filters = append(c.p.filters, filter.RsyncRule{Text: r.FilterText(), Source: src})
	}
	switch o.Long {
	case "cvs-exclude":
		c.cvs = true // rsync appends its rules at the end
	case "filter":
		add(filter.FilterForm, value, at)
	case "exclude":
		add(filter.ExcludeForm, value, at)
	case "include":
		add(filter.IncludeForm, value, at)
	case "exclude-from", "include-from":
		form := filter.ExcludeForm
		if o.Long == "include-from" {
			form = filter.IncludeForm
		}
		src, err := c.rules(value)
		if err != nil {
			c.fault(c.line, c.where, fmt.Sprintf("--%s: %v", o.Long, err), "correct the path")
			return
		}
		for n, text := range ruleLines(src) {
			if text != "" {
				add(form, text, filter.Source{File: value, Line: n + 1})
			}
		}
	}
}

// ruleLines are the lines of a file of rules; empty ones and comments (# ;) are "".
func ruleLines(src []byte) []string {
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	var lines []string
	for _, l := range bytes.Split(src, []byte("\n")) {
		if len(l) > 0 && (l[0] == '#' || l[0] == ';') {
			l = nil
		}
		lines = append(lines, string(l))
	}
	return lines
}
