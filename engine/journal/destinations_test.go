package journal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDestinations(t *testing.T) {
	root := filepath.Join(t.TempDir(), "sersync")
	if got, err := Destinations(root); len(got) > 0 || err != nil {
		t.Errorf("no state directory: %v, %v", got, err)
	}
	one := []Destination{{Source: "/data", Target: "h::m/", Delete: "auto"}}
	two := []Destination{
		{Source: "/data", Target: "h::n/", Port: 874, Delete: "live"},
		{Source: "/www\xc3\xa9", Target: "/backup/www/", Delete: "never"},
	}
	a, b := open(t, filepath.Join(root, "a")), open(t, filepath.Join(root, "b"))
	for _, err := range []error{
		a.SetConfig(Config{Name: "/etc/a.yaml", Destinations: two}),
		a.SetConfig(Config{Name: "/etc/a.yaml", Destinations: one}),
		b.SetConfig(Config{Name: "/etc/b.xml", Once: true, Destinations: two}),
		os.Mkdir(filepath.Join(root, "empty"), 0o700),
		os.Mkdir(filepath.Join(root, "torn"), 0o700),
		os.WriteFile(filepath.Join(root, "torn", configName), []byte(`{"format":1,"con`), 0o600),
		os.Mkdir(filepath.Join(root, "later"), 0o700),
		os.WriteFile(filepath.Join(root, "later", configName), []byte(`{"format":9}`), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// Both are locked.
	got, err := Destinations(root)
	want := []Config{
		{Name: "/etc/a.yaml", Destinations: one}, {Name: "/etc/b.xml", Once: true, Destinations: two},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Config{}, "Dir")); diff != "" {
		t.Errorf("configs (-want +got):\n%s", diff)
	}
	var format *FormatError
	if err == nil || !errors.As(err, &format) {
		t.Errorf("errors of the unreadable ones: %v", err)
	}
	entries, err := os.ReadDir(filepath.Join(root, "a"))
	if err != nil || len(entries) != 3 {
		t.Errorf("%v, %v: want config, database and lock", entries, err)
	}
}
