package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/config"
)

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"plain: 中文 \"quoted\" \\": "plain: 中文 \"quoted\" \\",
		"a\nb\r\tc":               `a\nb\r\tc`,
		"\x1b[2J\x7f\u009b\u202e": `\x1b[2J\x7f\u009b\u202e`,
		"GBK \xd6\xd0, cut \xe4":  `GBK \xd6\xd0, cut \xe4`,
		"a true �":                `a true �`,
	} {
		if got := config.OneLine(text); got != want {
			t.Errorf("OneLine(%q) = %s, want %s", text, got, want)
		}
	}
}

// A name may hold a line end; what is said about it is one line all the same.
func TestFindingIsOneLine(t *testing.T) {
	dir := t.TempDir() + "/a\nb"
	const said = `/a\nb" does not exist; create it, or correct the path`
	for name, read := range map[string]func() (*config.Config, error){
		"flags": func() (*config.Config, error) {
			return config.FromFlags(dir, []string{dir + "/dst"}, config.FlagOptions{PasswordFile: dir + "/pw"})
		},
		"XML": func() (*config.Config, error) {
			return config.Parse("conf\nfile", []byte(
				`<sersync><localpath watch="`+strings.ReplaceAll(dir, "\n", "&#10;")+`"><remote ip="h" name="m"/></localpath></sersync>`))
		},
	} {
		c, err := read()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		all := config.Findings(c.Check(config.CheckEnv{StateDir: dir, LogFile: dir + "/log"}))
		text := all.Error()
		if lines := strings.Count(text, "\n") + 1; lines != len(all) {
			t.Errorf("%s: %d findings in %d lines:\n%s", name, len(all), lines, text)
		}
		if !strings.Contains(text, said) {
			t.Errorf("%s: no finding says %s:\n%s", name, said, text)
		}
	}
}

// Errors that are joined are a line each; a line end within one is not the end of it.
func TestErrorLines(t *testing.T) {
	name := errors.New("open a\nb")
	joined := errors.Join(name, fmt.Errorf("%w", errors.Join(errors.New("two"), errors.New("three"))))
	faults := config.Findings{{Severity: config.Error, What: "x\ty"}, {Severity: config.Warning, What: "z"}}
	for _, tc := range []struct {
		name string
		err  error
		want []string
	}{
		{"one", name, []string{`open a\nb`}},
		{"joined", joined, []string{`open a\nb`, "two", "three"}},
		{"wrapped with more words", fmt.Errorf("start: %w", joined), []string{`start: open a\nb\ntwo\nthree`}},
		{"findings", faults, []string{`x\ty`, "warning: z"}},
		{"two in one", fmt.Errorf("%w: %w", name, errors.New("why")), []string{`open a\nb: why`}},
	} {
		if diff := cmp.Diff(tc.want, config.ErrorLines(tc.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}
