package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sersync/sersync/engine/config"
)

// place is a temporary directory with what the configs below name.
func place(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"src/sub", "other", "state", "dst"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"file": 0o644, "pw": 0o600, "pw-world": 0o644, "pw-group": 0o640} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "pw-empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "src"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCheck(t *testing.T) {
	dir := place(t)
	for _, tc := range []struct {
		name, yaml string
		env        config.CheckEnv
		want       []string // one for each finding; DIR is the directory
	}{
		{
			name: "clean", yaml: `trees: [{path: DIR/src, targets: [DIR/dst, "h::m"]}]`,
			env: config.CheckEnv{StateDir: "DIR/src/state", LogFile: "DIR/src/state/log", PidFile: "DIR/pid"},
		},
		{name: "missing", yaml: `trees: [{path: DIR/none, targets: [DIR/dst]}]`, want: []string{"DIR/none does not exist"}},
		{
			name: "a file", yaml: `trees: [{path: DIR/file, targets: [DIR/dst]}]`,
			want: []string{`conf:1: watch: DIR/file is a file; watch DIR with the rules "+ /file" and "- *"`},
		},
		{name: "target inside", yaml: `trees: [{path: DIR/src, targets: [DIR/src/sub/new]}]`, want: []string{"inside its own tree"}},
		{name: "target is the tree", yaml: `trees: [{path: DIR/src, targets: [DIR/src]}]`, want: []string{"inside its own tree"}},
		{name: "inside by a symlink", yaml: `trees: [{path: DIR/src, targets: [DIR/link/new]}]`, want: []string{"inside its own tree"}},
		{
			name: "inside through ssh to here", yaml: `trees: [{path: DIR/src, targets: ["localhost:DIR/src/x"]}]`,
			want: []string{"inside its own tree"},
		},
		{name: "source inside destination", yaml: `trees: [{path: DIR/src/sub, targets: [DIR/src]}]`, want: []string{"holds the tree"}},
		{
			name: "same twice", yaml: "trees:\n- path: DIR/src\n  targets: [h::m]\n- path: DIR/other\n  targets: ['h::m/']\n",
			want: []string{"conf:5: target: h::m/ is, or lies inside or around, the target h::m in line 3"},
		},
		{
			name: "same twice for one tree", yaml: "trees:\n- path: DIR/src\n  targets:\n  - h::m\n  - rsync://h/m/\n",
			want: []string{"conf:5: target: rsync://h/m/ is the same place as h::m in line 4; remove one of them"},
		},
		{
			name: "nested", yaml: `trees: [{path: DIR/src, targets: [DIR/dst]}, {path: DIR/other, targets: [DIR/dst/x]}]`,
			want: []string{"is, or lies inside"},
		},
		{name: "nested, tame", yaml: `trees: [{path: DIR/src, targets: [{to: DIR/dst, delete: live}]}, ` +
			`{path: DIR/other, targets: [{to: DIR/dst/x, delete: never}]}]`},
		{name: "one is not tame", yaml: `trees: [{path: DIR/src, targets: [{to: DIR/dst, delete: live}]}, ` +
			`{path: DIR/other, targets: [{to: DIR/dst/x, delete: full}]}]`, want: []string{"is, or lies inside"}},
		{name: "ports differ", yaml: `trees: [{path: DIR/src, targets: [{to: "h::m", port: 1}]}, {path: DIR/other, targets: [{to: "h::m", port: 2}]}]`},
		{
			name: "another config", yaml: `trees: [{path: DIR/src, targets: ["h::m/x"]}]`,
			env: config.CheckEnv{Others: []config.OtherTarget{{
				Config: "other.xml", Delete: "auto",
				Dest: config.Destination{Kind: config.Daemon, Host: "h", Port: 873, Module: "m"},
			}}},
			want: []string{"conf:1: warning: target: h::m/x is, or lies inside or around, the target of other.xml:"},
		},
		{
			name: "files of ours in the tree",
			yaml: `trees: [{path: DIR/src, targets: [DIR/dst], failLog: {path: DIR/link/fail.sh}}]`,
			env:  config.CheckEnv{StateDir: "DIR/state", LogFile: "DIR/src/log", PidFile: "DIR/src/pid"},
			want: []string{
				"the log DIR/src/log is inside the watched tree", "the pid file DIR/src/pid", "the failLog DIR/link/fail.sh",
				"note: DIR/src: failLog",
			},
		},
		{
			name: "tree in the state directory", yaml: `trees: [{path: DIR/state, targets: [DIR/dst]}]`,
			env: config.CheckEnv{StateDir: "DIR/state"}, want: []string{"inside the state directory"},
		},
		{name: "password file", yaml: `trees: [{path: DIR/src, targets: [{to: "u@h::m", passwordFile: DIR/pw}]}]`},
		{
			name: "password file missing", yaml: `trees: [{path: DIR/src, targets: [{to: "u@h::m", passwordFile: DIR/nopw}]}]`,
			want: []string{"DIR/nopw does not exist; create it, mode 0600"},
		},
		{
			name: "password file for all", yaml: `trees: [{path: DIR/src, targets: [{to: "u@h::m", passwordFile: DIR/pw-world}]}]`,
			want: []string{"mode 0644: rsync refuses a file that others can read; chmod 600 DIR/pw-world"},
		},
		{
			name: "password file for the group", yaml: `trees: [{path: DIR/src, targets: [{to: "u@h::m", passwordFile: DIR/pw-group}]}]`,
			want: []string{"warning: password file: DIR/pw-group has mode 0640"},
		},
		{
			name: "password file empty", yaml: `trees: [{path: DIR/src, targets: [{to: "u@h::m", passwordFile: DIR/pw-empty}]}]`,
			want: []string{"is empty"},
		},
		{
			name: "password file over ssh", yaml: `trees: [{path: DIR/src, targets: [{to: "u@h:/m", passwordFile: DIR/pw}]}]`,
			want: []string{"for daemons only"},
		},
		{name: "user without password", yaml: `trees: [{path: DIR/src, targets: ["u@h::m"]}]`, want: []string{"user u has no password file"}},
		{
			name: "no module", yaml: `trees: [{path: DIR/src, targets: ["h::/tmp/www"]}]`,
			want: []string{"conf:1: target: destination \"h::/tmp/www\" has no module name", "warning: trees[0].targets[0]: destination"},
		},
		{
			name: "all at once", yaml: "trees:\n- path: DIR/none\n  targets: [DIR/none/x]\n- path: DIR/file\n  targets: [DIR/none/x]\n",
			want: []string{"conf:2:", "conf:3:", "conf:4:", "conf:5:"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("RSYNC_PASSWORD", "")
			in := func(s string) string { return strings.ReplaceAll(s, "DIR", dir) }
			env := tc.env
			env.StateDir, env.LogFile, env.PidFile = in(env.StateDir), in(env.LogFile), in(env.PidFile)
			got := parse(t, in(tc.yaml)).Check(env)
			if len(got) != len(tc.want) {
				t.Fatalf("%d findings, want %d:\n%v", len(got), len(tc.want), config.Findings(got))
			}
			for i, want := range tc.want {
				if !strings.Contains(got[i].Error(), in(want)) {
					t.Errorf("finding %d is %q, want %q", i, got[i].Error(), in(want))
				}
			}
		})
	}
}

// As root rsync refuses a password file that is not root's.
func TestCheckPasswordFileOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a file away (chown: EPERM)")
	}
	dir := place(t)
	if err := os.Chown(dir+"/pw", 1, -1); err != nil {
		t.Fatal(err)
	}
	c := parse(t, `trees: [{path: `+dir+`/src, targets: [{to: "u@h::m", passwordFile: `+dir+`/pw}]}]`)
	if got := c.Check(config.CheckEnv{Root: true}); len(got) != 1 || !strings.Contains(got[0].Error(), "belongs to uid 1") {
		t.Errorf("as root: %v", got)
	}
	if got := c.Check(config.CheckEnv{}); len(got) != 0 {
		t.Errorf("as another user: %v", got)
	}
}

// A command line has no lines to name.
func TestCheckOfFlagsNamesNoLine(t *testing.T) {
	dir := place(t)
	for want, dsts := range map[string][]string{
		"target: DIR/dst is the same place as DIR/dst; remove one of them":           {dir + "/dst", dir + "/dst"},
		"target: DIR/dst/in is, or lies inside or around, the target DIR/dst: each ": {dir + "/dst", dir + "/dst/in"},
	} {
		c, err := config.FromFlags(dir+"/src", dsts, config.FlagOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got := config.Findings(c.Check(config.CheckEnv{}))
		if want := strings.ReplaceAll(want, "DIR", dir); len(got) != 1 || !strings.HasPrefix(got.Error(), want) {
			t.Errorf("said: %v\nwant: %s", got, want)
		}
	}
}
