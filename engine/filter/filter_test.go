package filter_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/filter"
)

// The expressions that sersync2 shipped with do what people expect of them.
func TestShippedExpressions(t *testing.T) {
	for _, tc := range []struct {
		expr, excluded, mirrored string // paths separated by blanks; directories end in a slash
		rsync                    string
	}{
		{`(.*)\.svn`, ".svn/ a/.svn/ a/b/.svn/ .svn/entries a/.svn/x proj.svn", "svn/ a.svn.txt xsvn", "- *.svn"},
		{`(.*)\.gz`, "x.gz a/x.gz a/b/.gz dir.gz/ dir.gz/in", "x.gz.txt gz xgz", "- *.gz"},
		{`^info/*`, "info/ info info/x info/a/b", "infos a/info/ information/x", "- /info/ - /info"},
		{`^static/*`, "static/ static/s.css", "a/static/ statics/x", "- /static/ - /static"},
		{`^test/test.txt`, "test/test.txt", "test/ test/a.txt a/test/test.txt", "- /test/test/txt - /test/test?txt"},
		{`(.*)\.log\.tar\.gz`, "a.log.tar.gz d/a.log.tar.gz", "a.tar.gz a.log", "- *.log.tar.gz"},
		{`(.*)\.php`, "index.php d/index.php", "index.php5", "- *.php"},
		{`a/info/*`, "a/info/ a/info/x", "info/ b/a/info/ a/", "- /a/info/ - /a/info"},
	} {
		t.Run(tc.expr, func(t *testing.T) {
			rules, err := filter.New(filter.Options{Sersync2: []filter.Regex{{Expr: tc.expr}}})
			if err != nil {
				t.Fatal(err)
			}
			check(t, rules, tc.excluded, true)
			check(t, rules, tc.mirrored, false)
			var got []string
			for _, arg := range rules.Rsync() {
				got = append(got, strings.TrimPrefix(arg, "--filter="))
			}
			if got := strings.Join(got, " "); !sameWords(got, tc.rsync) {
				t.Errorf("for rsync: %s, want %s", got, tc.rsync)
			}
		})
	}
}

func sameWords(a, b string) bool {
	count := map[string]int{}
	for _, w := range strings.Fields(a) {
		count[w]++
	}
	for _, w := range strings.Fields(b) {
		count[w]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func check(t *testing.T, rules *filter.Rules, paths string, want bool) {
	t.Helper()
	for _, p := range strings.Fields(paths) {
		path, isDir := strings.CutSuffix(p, "/")
		if got := rules.ExcludedTree(path, isDir); got != want {
			t.Errorf("ExcludedTree(%q) = %v, want %v: %s", p, got, want, rules.Explain(path, isDir))
		}
	}
}

func TestTempFiles(t *testing.T) {
	rules, err := filter.New(filter.Options{TempFiles: true, Rsync: []filter.RsyncRule{{Text: "+ .htaccess"}}})
	if err != nil {
		t.Fatal(err)
	}
	check(t, rules, ".swp a/.swp a/x~ 4913 a/4913 .hid/.x", true)
	check(t, rules, ".hid/ .hid/x x~/ x~/y 4913/ 4913/x 49131 .htaccess a/.htaccess a/x", false)
	if rules.NeedsPath() {
		t.Error("NeedsPath = true, though the last component decides")
	}
}

func TestBadRules(t *testing.T) {
	for _, tc := range []struct{ name, rule, regex, want string }{
		{"merge", ". /etc/rules", "", `conf.xml:7: filter rule ". /etc/rules": is a merge file`},
		{"per-directory merge", ": .rsync-filter", "", "per-directory merge file"},
		{"dir-merge", "dir-merge,- .nosync", "", "per-directory merge file"},
		{"CVS", "-C", "", "modifier C"},
		{"not a rule", "*.o", "", "is not a filter rule"},
		{"empty", "", "", "is not a filter rule"},
		{"no pattern", "- ", "", "has no pattern"},
		{"unknown modifier", "-q x", "", `unknown modifier "q"`},
		{"side twice", "Ps x", "", `unknown modifier "s"`},
		{"clear with pattern", "! x", "", "after the '!'"},
		{"absolute, not anchored", "-/ a/b", "", "does not begin with '/'"},
		{"absolute wildcard", "-/ /da*/x", "", "wildcard within the tree's own path"},
		{"NUL", "- a\x00b", "", "NUL"},
		{"shell pattern", "", "*.gz", `conf.xml:7: filter rule "*.gz": is not a valid expression: ` +
			"missing argument to repetition operator at \"*\"; it looks like a shell pattern; as an expression it is \"(.*)\\\\.gz\""},
		{"lookahead", "", "a(?=b)", "lookahead"},
		{"negative lookahead", "", "(?!x).*", "negative lookahead"},
		{"lookbehind", "", "(?<=a)b", "lookbehind"},
		{"negative lookbehind", "", "(?<!a)b", "negative lookbehind"},
		{"atomic", "", "(?>a)b", "atomic group"},
		{"backreference", "", `(a)\1`, "backreference"},
		{"possessive", "", "a++", "possessive"},
		{"possessive star", "", ".*+", "possessive"},
		{"recursion", "", "(a(?R)b)", "recursion"},
		{"conditional", "", "(?(1)a|b)", "conditional"},
		{"word boundary", "", `\<a\>`, "word boundary"},
		{"unbalanced", "", "a(b", "missing closing )"},
		{"unbalanced class", "", "a[b", "missing closing ]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			src := filter.Source{File: "conf.xml", Line: 7}
			o := filter.Options{Root: "/data/www"}
			if tc.regex != "" {
				o.Sersync2 = []filter.Regex{{Expr: tc.regex, Source: src}}
			} else {
				o.Rsync = []filter.RsyncRule{{Text: tc.rule, Source: src}}
			}
			_, err := filter.New(o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want it to contain %q", err, tc.want)
			}
			if all := filter.RuleErrors(err); len(all) != 1 || all[0].Line != 7 {
				t.Errorf("RuleErrors = %v", all)
			}
		})
	}
}

func TestAllBadRulesAtOnce(t *testing.T) {
	_, err := filter.Parse("nonsense", "- fine", ": merge", "-q x")
	if got := len(filter.RuleErrors(err)); got != 3 {
		t.Errorf("%d errors, want 3: %v", got, err)
	}
}

func TestAbsoluteRules(t *testing.T) {
	rules, err := filter.New(filter.Options{Root: "/data/www/", Rsync: []filter.RsyncRule{
		{Text: "-/ /data/www/a*"}, {Text: "-/ /etc/passwd"}, {Text: "-/ *.o"}, {Text: "-/ /d/*"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"--filter=- /a*", "--filter=- *.o"}
	if diff := cmp.Diff(want, rules.Rsync()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOldForms(t *testing.T) {
	rules, err := filter.New(filter.Options{Rsync: []filter.RsyncRule{
		{Text: "gone", Form: filter.ExcludeForm},
		{Text: "!", Form: filter.ExcludeForm},
		{Text: "+ keep.o", Form: filter.ExcludeForm},
		{Text: "*.o", Form: filter.ExcludeForm},
		{Text: "- x", Form: filter.IncludeForm},
		{Text: "P y", Form: filter.IncludeForm},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"--filter=+ keep.o", "--filter=- *.o", "--filter=- x", "--filter=+ P y"}
	if diff := cmp.Diff(want, rules.Rsync()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUntranslatable(t *testing.T) {
	rules, err := filter.New(filter.Options{Sersync2: []filter.Regex{{Expr: `.*\.log\.[0-9]+`}, {Expr: `x.*`}}})
	if err != nil {
		t.Fatal(err)
	}
	if !rules.Untranslatable() || !rules.NeedsPath() {
		t.Error("want Untranslatable and NeedsPath")
	}
	if !rules.OnlyOurs([]byte("a/b.log.12"), false) || rules.OnlyOurs([]byte("xyz"), false) {
		t.Error("OnlyOurs: want a/b.log.12 and not xyz")
	}
	want := []string{"--filter=- /a/b.log.12", `--filter=- /w\*ld/b.log.1`, "--filter=P *.log.[0-9]*", "--filter=- /x**"}
	if diff := cmp.Diff(want, rules.RsyncFor([]string{"a/b.log.12", "w*ld/b.log.1"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWarnsOfExpressionsThatNeverMatch(t *testing.T) {
	rules, err := filter.New(filter.Options{Sersync2: []filter.Regex{{Expr: "^/logs"}, {Expr: "a^b"}, {Expr: ".*"}}})
	if err != nil {
		t.Fatal(err)
	}
	w := rules.Warnings()
	if len(w) != 2 || w[0].Remedy != `likely meant: "^logs"` {
		t.Errorf("Warnings = %+v", w)
	}
}

func TestExplain(t *testing.T) {
	rules, err := filter.New(filter.Options{
		Root: "/d", StateDirs: []string{"/d/state"}, TempFiles: true,
		Sersync2: []filter.Regex{{Expr: `(.*)\.svn`, Source: filter.Source{File: "c.xml", Line: 3}}},
		Rsync:    []filter.RsyncRule{{Text: "+ /keep", Source: filter.Source{Line: 9}}, {Text: "exclude *.o"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"a/.svn/x": `a/.svn/x: excluded, because its directory a/.svn is, by "(.*)\\.svn" (c.xml:3), for rsync "- *.svn"`,
		"keep":     `keep: mirrored, by "+ /keep" (line 9)`,
		"x.o":      `x.o: excluded by "exclude *.o", for rsync "- *.o"`,
		".x":       `.x: excluded by sersync2's temp-file rule, for rsync "- .*"`,
		"state/x":  `state/x: excluded, because its directory state is, by the program's own state directory, for rsync "- /state/"`,
		"plain":    `plain: mirrored, no rule matches`,
	} {
		if got := rules.Explain(path, false); got != want {
			t.Errorf("Explain(%q):\n got %s\nwant %s", path, got, want)
		}
	}
}

func TestZeroRules(t *testing.T) {
	var rules *filter.Rules
	for range 2 {
		if !rules.Empty() || rules.NeedsPath() || rules.Untranslatable() || rules.Rsync() != nil ||
			rules.Excluded([]byte("x"), false) || rules.ExcludedTree("a/x", true) {
			t.Error("the zero value excludes something")
		}
		rules = &filter.Rules{}
	}
	star, err := filter.Parse("- *", "- **", "-! x")
	if err != nil {
		t.Fatal(err)
	}
	if star.Excluded(nil, true) {
		t.Error("the root is excluded")
	}
}

func TestExcludedDoesNotAllocate(t *testing.T) {
	rules := benchRules(t)
	path := []byte("some/deep/directory/of/a/tree/with/a/name.txt")
	if n := testing.AllocsPerRun(1000, func() { rules.Excluded(path, false) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func benchRules(t testing.TB) *filter.Rules {
	t.Helper()
	rules, err := filter.New(filter.Options{
		TempFiles: true,
		Sersync2:  []filter.Regex{{Expr: `(.*)\.svn`}, {Expr: `(.*)\.gz`}, {Expr: `^info/*`}, {Expr: `^static/*`}},
		Rsync:     []filter.RsyncRule{{Text: "- **/cache/**/x"}, {Text: "- a/*/c"}, {Text: "- [a-z]*.tmp"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func BenchmarkExcluded(b *testing.B) {
	path := []byte("some/deep/directory/of/a/tree/with/a/name.txt")
	one, err := filter.Parse("- *.o")
	if err != nil {
		b.Fatal(err)
	}
	for name, rules := range map[string]*filter.Rules{"one": one, "shipped+temp+3": benchRules(b)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rules.Excluded(path, false)
			}
		})
	}
}
