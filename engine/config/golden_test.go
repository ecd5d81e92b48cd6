package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden reads each file of testdata/cases and compares what is said about it, and the YAML
// that it becomes, with the .golden file beside it.
func TestGolden(t *testing.T) {
	t.Chdir("testdata/cases")
	files, err := filepath.Glob("*.[xy]*ml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			got := told(t, file)
			golden := file + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// told is everything that Load has to say.
func told(t *testing.T, file string) string {
	t.Helper()
	var b strings.Builder
	c, err := config.Load(file)
	if err != nil {
		for _, f := range config.FindingsOf(err) {
			b.WriteString(f.Error() + "\n")
		}
		return b.String()
	}
	for _, f := range c.Warnings {
		b.WriteString(f.Error() + "\n")
	}
	for _, text := range c.Inactive {
		b.WriteString("inactive: " + text + "\n")
	}
	out, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("---\n" + string(out))
	return b.String()
}
