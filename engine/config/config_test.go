package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
)

// meaning compares two configs without where they stand.
var meaning = cmp.Options{
	cmpopts.IgnoreFields(config.Config{}, "File", "Format", "Warnings", "Inactive"),
	cmpopts.IgnoreFields(config.Tree{}, "Line"), cmpopts.IgnoreFields(config.Target{}, "Line"),
	cmpopts.IgnoreFields(config.Crontab{}, "Line"), cmpopts.IgnoreFields(config.FailLog{}, "Line"),
	cmpopts.IgnoreFields(config.Plugin{}, "Line"),
	cmpopts.IgnoreTypes(filter.Source{}), cmpopts.EquateEmpty(),
}

func parse(t testing.TB, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("conf", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What convert prints is read as the same config.
func TestYAMLHasTheSameMeaning(t *testing.T) {
	files, _ := filepath.Glob("testdata/cases/*.[xy]*ml")
	read := 0
	for _, file := range append(files, "testdata/example.yaml") {
		c, err := config.Load(file)
		if err != nil {
			continue
		}
		read++
		out, err := c.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := config.Parse("converted", out)
		if err != nil {
			t.Errorf("%s: the YAML of it is refused: %v\n%s", file, err, out)
			continue
		}
		if diff := cmp.Diff(c, again, meaning); diff != "" {
			t.Errorf("%s (-file +its YAML):\n%s", file, diff)
		}
	}
	if read < 10 {
		t.Errorf("only %d configs could be read", read)
	}
}

// The annotated example has every key, and says what the defaults are.
func TestExample(t *testing.T) {
	c, err := config.Load("testdata/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tree := c.Trees[0]
	if diff := cmp.Diff([]string{"backup", "web@mirror:/srv/www", "/mnt/second/www"},
		[]string{tree.Targets[0].Name, tree.Targets[1].Name, tree.Targets[2].Name}); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	plain := parse(t, "trees: [{path: /data/www, targets: [/mnt/second/www]}]")
	if diff := cmp.Diff(plain.Trees[0].Targets[0], tree.Targets[2], meaning); diff != "" {
		t.Errorf("a target by name alone (-default +example):\n%s", diff)
	}
	d := plain.Trees[0]
	want := config.Tree{
		Path: "/data/www", LargeFile: 64 << 20, OpenFiles: config.OpenFiles{Max: 5 * time.Minute},
		Events:  tree.Events,
		Targets: []config.Target{{Name: "/mnt/second/www", Dest: "/mnt/second/www", Workers: 4, Warm: true, Delete: "auto"}},
	}
	if diff := cmp.Diff(want, d, meaning); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	got := tree.Targets[0]
	wantTarget := config.Target{
		Name: "backup", Dest: "sync@backup::www", User: "sync", PasswordFile: "/etc/rsync.pas",
		Port: 874, Timeout: 100 * time.Second, ConTimeout: 10 * time.Second, Args: []string{"-z", "--chmod=F644"},
		Workers: 4, Warm: true, Delete: "auto", MaxDelete: guard.Limit{Share: 0.1}, BwLimit: 10 << 20,
		Backup: config.Backup{On: true, Dir: ".old", Suffix: "~"},
	}
	if diff := cmp.Diff(wantTarget, got, meaning); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
	if len(c.Plugins) != 3 || tree.Crontab.Cron != "0 3 * * *" || tree.FailLog.Every != time.Hour {
		t.Errorf("plugins %d, crontab %+v, failLog %+v", len(c.Plugins), tree.Crontab, tree.FailLog)
	}
}

// The bytes of the file are the bytes of the path, whatever the declaration says.
func TestPathBytesSurvive(t *testing.T) {
	for name, path := range map[string]string{
		"UTF-8": "/data/中文", "GBK": "/data/\xd6\xd0\xce\xc4", "Latin-1": "/data/caf\xe9",
		"control": "/data/a\x01b", "private rune": "/data/\ue0c3",
	} {
		c := parse(t, `<?xml version="1.0" encoding="GB2312"?><head><sersync><localpath watch="`+path+
			`"><remote ip="h" name="m"/></localpath></sersync></head>`)
		if got := c.Trees[0].Path; got != path {
			t.Errorf("%s: %q, want %q", name, got, path)
		}
		out, err := c.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if got := parse(t, string(out)).Trees[0].Path; got != path {
			t.Errorf("%s, in YAML: %q, want %q", name, got, path)
		}
	}
}

// sersync2 took the order of elements as it came.
func TestOrderOfElementsDoesNotMatter(t *testing.T) {
	const a = `<head><debug start="true"/><sersync><rsync><ssh start="true"/></rsync>` +
		`<localpath watch="/d"><remote name="/x" ip="h"/></localpath></sersync></head>`
	const b = `<head><sersync><localpath watch="/d"><remote ip="h" name="/x"/></localpath>` +
		`<rsync><ssh start="true"/></rsync></sersync><debug start="true"/></head>`
	if diff := cmp.Diff(parse(t, a), parse(t, b), meaning); diff != "" {
		t.Error(diff)
	}
}

func TestExcludeFromIsReadBelowTheTree(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules"), []byte("# comment\n; too\n\n*.o\r\n+ keep\n!\n- x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := parse(t, `<head><sersync><localpath watch="`+dir+`"><remote ip="h" name="m"/></localpath>`+
		`<rsync><commonParams params="-a --exclude-from=rules"/></rsync></sersync></head>`)
	want := []filter.RsyncRule{{Text: "- *.o"}, {Text: "+ keep"}, {Text: "!"}, {Text: "- x"}}
	if diff := cmp.Diff(want, c.Trees[0].Filter.Rsync, meaning); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := c.Trees[0].Filter.Rsync[0].Source; got != (filter.Source{File: "rules", Line: 4}) {
		t.Errorf("source %v", got)
	}
	_, err := config.Parse("conf", []byte(`<sersync><localpath watch="/nowhere"><remote ip="h" name="m"/></localpath>`+
		`<rsync><commonParams params="--exclude-from=rules"/></rsync></sersync>`))
	if err == nil || !strings.Contains(err.Error(), "conf:1: commonParams@params: --exclude-from: stat /nowhere/rules: no such file") {
		t.Errorf("error %v", err)
	}
}

func TestFailLogDirectoryGetsAFile(t *testing.T) {
	dir := t.TempDir()
	c := parse(t, `<sersync><localpath watch="/d"><remote ip="h" name="m"/></localpath><failLog path="`+dir+`"timeToExecute="5"/></sersync>`)
	want := config.FailLog{Path: dir + "/rsync_fail_log.sh", Every: 5 * time.Minute, Line: 1}
	if got := *c.Trees[0].FailLog; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestRulesOfATree(t *testing.T) {
	real := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	c := parse(t, "trees: [{path: "+link+", targets: [h::m], tempFiles: true, filter: ['- *.o']}]")
	// The state directory is named by another way to the same place.
	rules, err := c.Trees[0].Rules(filepath.Join(real, "state"), "/elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"state/x": true, "a.o": true, ".x": true, "b": false, "elsewhere": false} {
		if got := rules.ExcludedTree(path, false); got != want {
			t.Errorf("ExcludedTree(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestFromFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	wd, _ := os.Getwd()
	c, err := config.FromFlags("src/", []string{"dst", "u@h::m/x", "h:rel"}, config.FlagOptions{
		Rsync:  []string{"-z", "--exclude=*.o", "-H", "--bwlimit=1k", "-e", "ssh -p 22"},
		Filter: []string{"- /first"}, OpenFiles: "close", MaxDelete: "5%", Delete: "live", Workers: 2, Cold: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	tree := c.Trees[0]
	want := config.Target{
		Name: filepath.Join(wd, "dst"), Dest: filepath.Join(wd, "dst"), Args: []string{"-z"}, RSH: []string{"ssh", "-p", "22"},
		HardLinks: true, Workers: 2, Delete: "live", MaxDelete: guard.Limit{Share: 0.05}, BwLimit: 1024,
	}
	if diff := cmp.Diff(want, tree.Targets[0], meaning); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if tree.Path != filepath.Join(wd, "src") || tree.OpenFiles.Wait != config.WaitClose || tree.Targets[1].User != "u" {
		t.Errorf("tree %+v", tree)
	}
	wantRules := []filter.RsyncRule{{Text: "- /first"}, {Text: "- *.o"}}
	if diff := cmp.Diff(wantRules, tree.Filter.Rsync, meaning); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestFromFlagsFaults(t *testing.T) {
	_, err := config.FromFlags("", []string{"", "-x", "::m", "rsync://h:0/m"}, config.FlagOptions{
		Rsync: []string{"--daemon", "x"}, Filter: []string{"nonsense"}, OpenFiles: "x", MaxDelete: "x", Delete: "alwys",
		Workers: -1, Engine: "inotfy", BwLimit: "x",
	})
	got := config.FindingsOf(err)
	if len(got) != 14 {
		t.Errorf("%d findings, want 14:\n%v", len(got), err)
	}
	for _, want := range []string{`did you mean "always"?`, `did you mean "inotify"?`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	if _, err := config.FromFlags("/a", nil, config.FlagOptions{}); err == nil {
		t.Error("no destination is accepted")
	}
}

func TestLoadErrors(t *testing.T) {
	if _, err := config.Load(filepath.Join(t.TempDir(), "none")); err == nil || len(config.FindingsOf(err)) != 1 {
		t.Errorf("a missing file: %v", err)
	}
	big := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(big, make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(big); err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
		t.Errorf("a large file: %v", err)
	}
	bom, err := config.Parse("c", []byte("\xef\xbb\xbf\r\n<sersync><localpath watch='/d'><remote ip='h' name='m'/></localpath></sersync>"))
	if err != nil || bom.Format != config.XML {
		t.Errorf("with a byte order mark: %v", err)
	}
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'j'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+", ", 10) + "]\n"
	}
	if _, err := config.Parse("c", []byte(bomb+"trees: *i\n")); err == nil {
		t.Error("a document of a billion aliases is accepted")
	}
}

// sersync2's host:name with a name of two slashes is no URL.
func TestXMLOverSSHIsNoURL(t *testing.T) {
	c := parse(t, `<sersync><localpath watch="/a"><remote ip="nas" name="//data/x"/></localpath>`+
		`<rsync><ssh start="true"/></rsync></sersync>`)
	if got := c.Trees[0].Targets[0].Dest; got != "nas:/data/x" {
		t.Errorf("destination %q, want nas:/data/x", got)
	}
}
