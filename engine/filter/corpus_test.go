package filter_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/filter"
)

// corpusTree holds names that the rule lists below tell apart. A trailing slash is a directory.
var corpusTree = []string{
	"a", "b.o", "c.gz", ".htaccess", "edit~", "4913", "#x", "core", "info.txt", "readme",
	"x*y", "xzy", "x?y", "q[1]", "q1", `back\slash`, "sp ace", " lead", "trail ", "new\nline",
	"caf\xc3\xa9", "\xb2\xe2\xca\xd4.txt", "-dash", "+ plus", "_under", "A.GZ", "a^b", "a-b", "a]b",
	"info/", "info/x", "info/deep/", "info/deep/info/", "info/deep/info/x", "info/deep/y.gz",
	"static/", "static/s.css", "static/.svn/", "static/.svn/entries",
	"test/", "test/test.txt", "test/testXtxt", "test/sub/", "test/sub/test.txt",
	".svn/", ".svn/entries", "proj.svn/", "proj.svn/f", "d~/", "d~/f", "d4913/", "d4913/4913",
	"d4913/4913d/", "d4913/4913d/f", ".hid/", ".hid/f", ".hid/.f", ".hid/f~",
	"src/", "src/a/", "src/a/b/", "src/a/b/c/", "src/a/b/c/a.o", "src/a/b/a.o", "src/a/a.o",
	"src/b/", "src/b/a", "src/b/c.gz", "src/b/.o", "src/b/x*y", "src/b/xzy", "src/b/q[1]",
	"src/b/q1", `src/b/back\slash`, "src/b/sp ace/", "src/b/sp ace/a b",
	"cache/", "cache/1", "src/cache/", "src/cache/2", "src/cache/cache/", "src/cache/cache/3",
	"logs/", "logs/a.log", "logs/a.log.1", "logs/old/", "logs/old/a.log.gz", "logs/old/b.log.tar.gz",
	"empty/", "empty/er/", "dot.dir/", "dot.dir/a.b.c", "x*y.d/", "x*y.d/in", "q[1].d/", "q[1].d/in",
}

func makeTree(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range corpusTree {
		path := filepath.Join(root, name)
		var err error
		if strings.HasSuffix(name, "/") {
			err = os.Mkdir(path, 0o755)
		} else {
			err = os.WriteFile(path, nil, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

var octal = regexp.MustCompile(`\\#([0-7]{3})`)

func decode(name string) string {
	return octal.ReplaceAllStringFunc(name, func(s string) string {
		n, _ := strconv.ParseUint(s[2:], 8, 8)
		return string([]byte{byte(n)})
	})
}

// rsyncLists runs rsync and gives the names that it would send and delete.
func rsyncLists(t testing.TB, src, dst string, args ...string) (sent, deleted []string) {
	t.Helper()
	args = append([]string{"-rn", "--out-format=%i %n"}, args...)
	cmd := exec.Command("rsync", append(args, src+"/", dst+"/")...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v: %s", cmd.Args, err, errs.String())
	}
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "*deleting   "); ok {
			deleted = append(deleted, decode(name))
		} else if name := decode(line[12:]); name != "./" {
			sent = append(sent, name)
		}
	}
	slices.Sort(sent)
	return sent, deleted
}

// ourList walks the tree by our form of the rules.
func ourList(t testing.TB, r *filter.Rules, root string) (sent, only []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if r.Excluded([]byte(rel), d.IsDir()) {
			if !r.ExcludedTree(rel, d.IsDir()) {
				t.Errorf("ExcludedTree(%q) = false, Excluded = true", rel)
			}
			if r.OnlyOurs([]byte(rel), d.IsDir()) {
				only = append(only, rel)
			}
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if r.ExcludedTree(rel, d.IsDir()) {
			t.Errorf("ExcludedTree(%q) = true, but no component is excluded", rel)
		}
		if d.IsDir() {
			rel += "/"
		}
		sent = append(sent, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(sent)
	return sent, only
}

// corpusRules are lists of rules in rsync's language.
var corpusRules = [][]string{
	{"- *.o"},
	{"- *.gz"},
	{"- /info"},
	{"- /info/"},
	{"- info/"},
	{"- info"},
	{"- /info/*"},
	{"- info/*"},
	{"- info/**"},
	{"- info/***"},
	{"- /info/***"},
	{"- a/b"},
	{"- /a/b"},
	{"- a/*/c"},
	{"- src/*/c.gz"},
	{"- src/**/a.o"},
	{"- **/a.o"},
	{"- **a.o"},
	{"- /**/a.o"},
	{"- /**a.o"},
	{"- **"},
	{"- *"},
	{"- /*"},
	{"- /**"},
	{"- ***"},
	{"- */"},
	{"- **/"},
	{"- */*"},
	{"- /*/*"},
	{"- */***"},
	{"- **/***"},
	{"- s**"},
	{"- s**o"},
	{"- /s**o"},
	{"- b/**"},
	{"- b/*"},
	{"- x*y"},
	{`- x\*y`},
	{`- x\?y`},
	{"- x?y"},
	{`- q\[1\]`},
	{`- q[[]1]`},
	{"- q[1]"},
	{"- q[0-9]"},
	{"- q[!0]"},
	{"- q[^0]*"},
	{`- back\slash`},
	{`- back\\slash`},
	{`- back\slas*`},
	{`- back\\slas*`},
	{"- [[:upper:]]*"},
	{"- [[:punct:]]*"},
	{"- [[:nonsense:]]*"},
	{"- [[:alpha:]"},
	{"- [a"},
	{"- x["},
	{"- [[:alpha]*"},
	{"- [a-c]"},
	{"- [a-c].?"},
	{"- [c-a]*"},
	{"- []a]*"},
	{"- [!]a]*"},
	{"- a[]]b"},
	{"- a[^]]b"},
	{"- a[a^-]b"},
	{"- a[\\^]b"},
	{"- a[-]b"},
	{"- src[/]b"},
	{"- /src[^a]b"},
	{"- src?b"},
	{"- /src?b"},
	{"- x*y\\"},
	{"- [[:digit:][:upper:]]*"},
	{"- [[:digit:]-z]*"},
	{"- caf*"},
	{"- caf??"},
	{"- caf?"},
	{"- caf\xc3\xa9"},
	{"- \xb2\xe2*"},
	{"- [\xb0-\xbf]*"},
	{"- sp ace"},
	{"-  lead"},
	{"- trail "},
	{"- trail"},
	{"- new\nline"},
	{"- new*"},
	{"-_sp ace"},
	{"+ /src/", "+ /src/b/", "+ /src/b/***", "- *"},
	{"+ */", "+ *.gz", "- *"},
	{"+ *.gz", "- *z"},
	{"- *.gz", "+ c.gz"},
	{"+ src/***", "- /*"},
	{"+ src/**", "- /*"},
	{"-! */"},
	{"-! *.gz"},
	{"-! *.gz/"},
	{"+! */", "- *"},
	{"-,! */"},
	{"exclude *.o"},
	{"exclude,! */"},
	{"include *.gz", "exclude *z"},
	{"hide *.o"},
	{"H *.o"},
	{"show *.gz", "H *z"},
	{"S *.gz", "- *z"},
	{"protect *.o"},
	{"P *"},
	{"R *", "- a"},
	{"-s *.o"},
	{"-r *.o"},
	{"-sr *.o"},
	{"-p *.o"},
	{"+s a", "- a"},
	{"+r a", "- a"},
	{"-x user.*"},
	{"- a", "!", "- b.o"},
	{"- a", "clear"},
	{"- /"},
	{"- //"},
	{"- a//"},
	{"- ."},
	{"- ./"},
	{"- .*"},
	{"- .*/"},
	{"- /.*"},
	{"- ?"},
	{"- ??"},
	{"- -dash"},
	{"- + plus"},
	{"- _*"},
	{"- #*"},
	{"- core"},
	{"- src/a/b/c/a.o"},
	{"- /src/a/b/c/a.o"},
	{"- b/c/a.o"},
	{"- a/b/a.o"},
	{"- c/*.o"},
	{"- a/**.o"},
	{"- **/cache/"},
	{"- **/cache/**"},
	{"- **/cache/***"},
	{"- cache/***"},
	{"- cache/**"},
	{"- /cache/***"},
	{"- cache/cache"},
	{"- cache/"},
	{"- src/cache/*/"},
	{"- ***/a.o"},
	{"- src***"},
	{"- src/***/a.o"},
	{"- x\\*y.d/***"},
	{"- q\\[1].d/"},
	{"- q[[]1].d/*"},
	{"- **.gz"},
	{"- **/**"},
	{"- **/*"},
	{"- *** "},
}

var corpusRegexes = [][]string{
	{`(.*)\.svn`},
	{`(.*)\.gz`},
	{`^info/*`},
	{`^static/*`},
	{`^test/test.txt`},
	{`(.*)\.svn`, `(.*)\.gz`, `^info/*`, `^static/*`},
	{`(.*)\.log\.tar\.gz`},
	{`(.*)\.php`},
	{`a/info/*`},
	{`/.*`},
	{`.*`},
	{`.*/cache`},
	{`(.*)/cache/(.*)`},
	{`^/logs/.*`},
	{`logs/[^/]*`},
	{`logs/.*`},
	{`/logs/old`},
	{`.*\.(gz|o)`},
	{`(?i).*\.gz`},
	{`src/./a`},
	{`src.b.*`},
	{`.+\.o`},
	{`[^/]*\.gz`},
	{`[a-c]`},
	{`.*/[a-c]\..`},
	{`x\*y`},
	{`x.y`},
	{`q\[1\]`},
	{`.*back\\slash`},
	{`.*\*.*`},
	{`.*[*?].*`},
	{`core|readme`},
	{`(core|readme)?`},
	{`a{1}`},
	{`.`},
	{`..`},
	{`.*/.*/.*`},
	{`info/?`},
	{`info/+`},
	{`inf(o/)*`},
	{`^(info|logs)/.*$`},
	{`.*/`},
	{`src/.*/`},
	{`^$`},
	{`nomatch^x`},
	{"caf..", "\xb2\xe2.*"},
	{`.*a\.o`},
	{`/src/a/.*\.o`},
	{`s.*/.*o`},
	{`/s.*/.*o`},
	{`.*/[^/]*~`},
	{`.*\.log\.[0-9]+`},
	{`[a-z]*`},
	{`.*\bb\b.*`},
	{`.*/[a-z]+\.o`},
	{`[0-9]*`},
	{`(ab*)*`},
	{`[^.]*`},
	{`.*sp ace.*`},
	{`.*\n.*`},
	{`[\s\S]*\.o`},
	{`[^\n]*\.o`},
	{`.*\[1\].*`},
	{`x\*y.*/in`},
}

func TestCorpusAgreesWithRsync(t *testing.T) {
	root, empty := makeTree(t), t.TempDir()
	all := corpus()
	for part := range slices.Chunk(all, (len(all)+3)/4) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			compareLists(t, part, root, empty)
		})
	}
}

func compareLists(t testing.TB, part []filter.Options, root, empty string) {
	for _, o := range part {
		rules, err := filter.New(o)
		if err != nil {
			t.Errorf("%s: %v", describe(o), err)
			continue
		}
		sent, only := ourList(t, rules, root)
		want, _ := rsyncLists(t, root, empty, rules.RsyncFor(only)...)
		if diff := cmp.Diff(want, sent); diff != "" {
			t.Errorf("%s, given to rsync as %q: (-rsync +ours):\n%s", describe(o), rules.RsyncFor(only), diff)
		}
		if o.Sersync2 == nil && !o.TempFiles { // what was written is what rsync is asked about
			raw := make([]string, 0, len(o.Rsync))
			for _, x := range o.Rsync {
				raw = append(raw, "--filter="+x.Text)
			}
			if slices.Equal(raw, rules.Rsync()) {
				continue // asked already
			}
			if want, _ := rsyncLists(t, root, empty, raw...); !slices.Equal(want, sent) {
				t.Errorf("%s (-rsync +ours):\n%s", describe(o), cmp.Diff(want, sent))
			}
		}
	}
}

// What is excluded is not deleted on the target either, also where it exists only there.
func TestExcludedIsProtectedOnTheTarget(t *testing.T) {
	t.Parallel()
	dst, src := makeTree(t), t.TempDir()
	oneSided := regexp.MustCompile(`^(-\S*[srpx]|[HSPR]|hide|show|protect|risk|\+\S*[srpx])`)
	for i, o := range corpus() {
		if i%3 != 0 && (o.Sersync2 == nil || i%2 != 0) {
			continue // a run each takes its time; the translated expressions are what matters
		}
		if slices.ContainsFunc(o.Rsync, func(r filter.RsyncRule) bool { return oneSided.MatchString(r.Text) }) {
			continue
		}
		rules, err := filter.New(o)
		if err != nil {
			t.Fatal(err)
		}
		_, deleted := rsyncLists(t, src, dst, append(rules.Rsync(), "--delete")...)
		for _, name := range deleted {
			path, isDir := strings.CutSuffix(name, "/")
			if rules.ExcludedTree(path, isDir) {
				t.Errorf("%s: rsync %q would delete the excluded %q", describe(o), rules.Rsync(), name)
			}
		}
	}
}

func describe(o filter.Options) string {
	var s []string
	for _, x := range o.Sersync2 {
		s = append(s, "regex "+strconv.Quote(x.Expr))
	}
	for _, x := range o.Rsync {
		s = append(s, strconv.Quote(x.Text))
	}
	return fmt.Sprintf("[%s] temp=%v state=%q", strings.Join(s, ", "), o.TempFiles, o.StateDirs)
}

func rsyncRules(texts ...string) (all []filter.RsyncRule) {
	for _, t := range texts {
		all = append(all, filter.RsyncRule{Text: t})
	}
	return all
}

func corpus() []filter.Options {
	var all []filter.Options
	var pair []string
	for _, rules := range corpusRules {
		if len(rules) == 1 && strings.HasPrefix(rules[0], "- ") && strings.ContainsAny(rules[0], "abcinqsx") {
			// Two rules about a few names each share a run: a run is what takes time here.
			if pair = append(pair, rules...); len(pair) < 2 {
				continue
			}
			rules, pair = pair, nil
		}
		all = append(all, filter.Options{Rsync: rsyncRules(rules...)})
	}
	for _, exprs := range corpusRegexes {
		var o filter.Options
		for _, e := range exprs {
			o.Sersync2 = append(o.Sersync2, filter.Regex{Expr: e})
		}
		all = append(all, o)
	}
	all = append(all,
		filter.Options{TempFiles: true},
		filter.Options{TempFiles: true, Rsync: rsyncRules("- .svn/", "- d4913")},
		filter.Options{TempFiles: true, Rsync: rsyncRules("+ .htaccess")},
		filter.Options{
			TempFiles: true, Rsync: rsyncRules("- *.gz"), Sersync2: []filter.Regex{{Expr: `(.*)\.svn`}},
			Root: "/r", StateDirs: []string{"/r/cache", "/elsewhere", "/r/x*y", "/r/q[1].d/"},
		},
	)
	return append(all, randomRules(30)...)
}

// randomRules glues pieces together; the seed is fixed so that a failure comes again.
func randomRules(n int) (all []filter.Options) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{
		"a", "b", "src", "info", "/", "/", "*", "**", "***", "?", "[a-c]", "[!a]", ".o", ".gz",
		"cache", `\*`, `\a`, "x", ".",
	}
	for range n {
		var texts []string
		for range 1 + rnd.IntN(3) {
			text := []string{"- ", "+ ", "-! ", "- /"}[rnd.IntN(4)]
			for range 1 + rnd.IntN(5) {
				text += pieces[rnd.IntN(len(pieces))]
			}
			texts = append(texts, text)
		}
		all = append(all, filter.Options{Rsync: rsyncRules(texts...)})
	}
	return all
}
