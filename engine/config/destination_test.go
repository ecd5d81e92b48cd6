package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/config"
)

func TestDestinationOf(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		dest string
		want config.Destination
	}{
		{"/dir//x/", config.Destination{Kind: config.Local, Path: "/dir/x"}},
		{"/dir/a:b", config.Destination{Kind: config.Local, Path: "/dir/a:b"}},
		{"h::m", config.Destination{Kind: config.Daemon, Host: "h", Port: 873, Module: "m"}},
		{"u@H.example.::m/a/../b/", config.Destination{Kind: config.Daemon, Host: "h.example", Port: 873, Module: "m", Path: "b"}},
		{"[2001:DB8::1]::m", config.Destination{Kind: config.Daemon, Host: "2001:db8::1", Port: 873, Module: "m"}},
		{"u@[::1]::m", config.Destination{Kind: config.Daemon, Host: "localhost", Port: 873, Module: "m"}},
		{"rsync://u@h:874/m/p", config.Destination{Kind: config.Daemon, Host: "h", Port: 874, Module: "m", Path: "p"}},
		{"rsync://[2001:db8::1]/m", config.Destination{Kind: config.Daemon, Host: "2001:db8::1", Port: 873, Module: "m"}},
		{"RSYNC://h/m", config.Destination{Kind: config.Daemon, Host: "h", Port: 873, Module: "m"}},
		{"h:/p", config.Destination{Kind: config.Shell, Host: "h", Path: "/p"}},
		{"/dir/ftp://x", config.Destination{Kind: config.Local, Path: "/dir/ftp:/x"}},
		{"u@h://p", config.Destination{Kind: config.Shell, Host: "h", Path: "/p"}},
		{"h:p", config.Destination{Kind: config.Shell, Host: "h", Path: "~/p"}},
		{"h:", config.Destination{Kind: config.Shell, Host: "h", Path: "~"}},
		{"127.0.0.1:/p", config.Destination{Kind: config.Local, Path: "/p"}},
		{own + ":/p", config.Destination{Kind: config.Local, Path: "/p"}},
		{own + "::m", config.Destination{Kind: config.Daemon, Host: "localhost", Port: 873, Module: "m"}},
	} {
		got, err := config.DestinationOf(tc.dest)
		if err != nil {
			t.Errorf("%q: %v", tc.dest, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.dest, diff)
		}
	}
	for dest, want := range map[string]string{
		"": "empty", "rel": "not an absolute path", "-x": "like an option", "h::": "no module name", "h::/p": "no module name",
		"::m": "no host", ":/p": "no host", "rsync://": "no host", "rsync://h": "no module name", "rsync://h:99999/m": "valid port",
		"ftp://x/y": "scheme", "SSH://u@h:22/dir": "write host:/dir (by ssh), host::module or rsync://host/module (a daemon), or /dir",
		"file:///dir": "scheme", "svn+ssh://h/p": "scheme", "/a\x00b": "NUL", "./h:x": "not an absolute path",
	} {
		if _, err := config.DestinationOf(dest); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want it to contain %q", dest, err, want)
		}
	}
}

func TestOverlaps(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"h::m", "u@H::m/", true},
		{"h::m", "h::m/sub", true},
		{"h::m/sub", "h::m/subway", false},
		{"h::m", "h::n", false},
		{"h::m", "g::m", false},
		{"h::m", "rsync://h/m", true},
		{"h::m", "rsync://h:874/m", false},
		{"/a", "/a/b", true},
		{"/a", "/ab", false},
		{"/", "/a", true},
		{"localhost:/a", "/a/b", true},
		{"h:/a", "/a", false},
		{"h:a", "h:a/b", true},
		{"h:a", "h:/a", false},
		{"127.0.0.1::m", "[::1]::m", true},
	} {
		a, errA := config.DestinationOf(tc.a)
		b, errB := config.DestinationOf(tc.b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if config.Overlaps(a, b) != tc.want || config.Overlaps(b, a) != tc.want {
			t.Errorf("Overlaps(%q, %q) != %v", tc.a, tc.b, tc.want)
		}
		if same := a.String() == b.String(); same && !tc.want {
			t.Errorf("%q and %q have the same text %q", tc.a, tc.b, a)
		}
	}
}
