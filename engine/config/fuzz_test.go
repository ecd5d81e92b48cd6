package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sersync/sersync/engine/filter"
)

func addCases(f *testing.F, pattern string) {
	files, _ := filepath.Glob("testdata/cases/" + pattern)
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
}

// sound is what holds for every config that is accepted, and for every refusal.
func sound(t *testing.T, src []byte, c *Config, err error) {
	t.Helper()
	if err != nil {
		lines := strings.Count(string(src), "\n") + 1
		for _, f := range FindingsOf(err) {
			if f.What == "" || f.Line < 0 || f.Line > lines {
				t.Errorf("of %d lines: %#v", lines, f)
			}
		}
		if c != nil || len(FindingsOf(err)) == 0 {
			t.Errorf("%v, %d findings", c, len(FindingsOf(err)))
		}
		return
	}
	names := map[string]bool{}
	for i := range c.Trees {
		tree := &c.Trees[i]
		if !filepath.IsAbs(tree.Path) || len(tree.Targets) == 0 {
			t.Errorf("tree %+v", tree)
		}
		for _, target := range tree.Targets {
			if target.Dest == "" || target.Dest[0] == '-' || target.Workers < 1 || names[target.Name] ||
				!slices.Contains(deleteModes, target.Delete) {
				t.Errorf("target %+v", target)
			}
			names[target.Name] = true
		}
		if _, err := tree.Rules("/state"); err != nil {
			t.Error(err)
		}
	}
}

func FuzzXML(f *testing.F) {
	addCases(f, "*.xml")
	f.Fuzz(func(t *testing.T, src []byte) {
		if !looksLikeXML(src) || strings.Contains(string(src), "-from") {
			return // no files of the fuzzing machine
		}
		c, err := Parse("conf", src)
		sound(t, src, c, err)
		if err != nil {
			return
		}
		out, err := c.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("again", out); err != nil {
			t.Errorf("the YAML of it is refused: %v\n%s", err, out)
		}
	})
}

func FuzzYAML(f *testing.F) {
	addCases(f, "*.yaml")
	example, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Fuzz(func(t *testing.T, src []byte) {
		if looksLikeXML(src) {
			return
		}
		c, err := Parse("conf", src)
		sound(t, src, c, err)
	})
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"-a -z", `"a b" 'c' \d`, `'`, `$x`, "a\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, _, err := Split(text)
		if err != nil {
			return
		}
		again, _, err := Split(Join(words))
		if err != nil || !slices.Equal(words, again) {
			t.Errorf("%q is %q, quoted %q, and then %q, %v", text, words, Join(words), again, err)
		}
	})
}

// Whatever the words are, what is kept is an option and none that is refused.
func FuzzClassify(f *testing.F) {
	for _, s := range []string{"-artuz", "-avze ssh --exclude=x", "--no-o -n", "--files-from x", "-@-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, _, err := Split(text)
		if err != nil {
			return
		}
		r := &report{}
		c := classifier{report: r, rules: func(string) ([]byte, error) { return []byte("x\n"), nil }}
		p := c.classify(words)
		for _, arg := range p.args {
			if len(arg) < 2 || arg[0] != '-' || arg == "--" {
				t.Errorf("%q keeps %q", text, arg)
			}
			name, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
			if o, ok := find(name); strings.HasPrefix(arg, "--") && ok && o.Effect != Keep && o.Effect != KeepWarn {
				t.Errorf("%q keeps %q, which is %s", text, arg, o.Effect)
			}
		}
		again := classifier{report: &report{}, archive: true, rules: c.rules}
		if q := again.classify(p.args); !slices.Equal(q.args, p.args) || q.filters != nil {
			t.Errorf("%q keeps %q, and of that %q", text, p.args, q.args)
		}
		_ = filter.Options{Rsync: p.filters}
	})
}
