package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// documented is what docs/configuration.md says of an option.
type documented struct {
	effect string
	why    string
}

// documentedName is how the table writes an option: `-a, --archive`, `--max-size=`, `-P`.
func documentedName(o Option) string {
	var names []string
	if o.Short != 0 {
		names = append(names, "-"+string(o.Short))
	}
	if len(o.Long) > 1 { // not popt's "D" of -D and --no-D
		names = append(names, "--"+o.Long)
	}
	name := strings.Join(names, ", ")
	if o.Arg {
		name += "="
	}
	return name
}

// readOptionsTable reads the table: options, what becomes of them, why.
func readOptionsTable(t *testing.T) map[string]documented {
	t.Helper()
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n| rsync's option | ")
	if !ok {
		t.Fatal("docs/configuration.md has no table of rsync's options")
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	option := regexp.MustCompile("`([^`]+)`")
	all := map[string]documented{}
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 3 {
			t.Fatalf("%d cells in %q", len(cells), line)
		}
		for _, match := range option.FindAllStringSubmatch(cells[0], -1) {
			name := match[1]
			if _, twice := all[name]; twice {
				t.Errorf("the table has %s twice", name)
			}
			all[name] = documented{effect: cells[1], why: cells[2]}
		}
	}
	return all
}

// What becomes of an option is decided by Options and read by people in docs/configuration.md.
func TestOptionsAreDocumentedAsTheyAre(t *testing.T) {
	docs := readOptionsTable(t)
	for _, o := range Options() {
		name := documentedName(o)
		got, ok := docs[name]
		switch {
		case !ok:
			t.Errorf("docs/configuration.md lacks %s (%s: %s)", name, o.Effect, o.Why)
		case got.effect != o.Effect.String():
			t.Errorf("docs/configuration.md has %s as %q, the program as %q", name, got.effect, o.Effect)
		case o.Why != "" && got.why != o.Why:
			t.Errorf("docs/configuration.md has as the reason of %s %q, the program %q", name, got.why, o.Why)
		}
		delete(docs, name)
	}
	for name := range docs {
		t.Errorf("docs/configuration.md has %s, which the program does not know", name)
	}
}
