package config

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/engine/filter"
	"github.com/sersync/sersync/engine/guard"
)

func classifyText(t testing.TB, text string, archive bool) (params, *report) {
	t.Helper()
	words, _, err := Split(text)
	if err != nil {
		t.Fatal(err)
	}
	r := &report{}
	c := classifier{
		report: r, where: "params", archive: archive,
		rules: func(string) ([]byte, error) { return nil, errors.New("no such file") },
	}
	return c.classify(words), r
}

func TestClassify(t *testing.T) {
	rules := func(texts ...string) (all []filter.RsyncRule) {
		for _, s := range texts {
			all = append(all, filter.RsyncRule{Text: s})
		}
		return all
	}
	for _, tc := range []struct {
		text string
		want params
		says []string // one for each finding
	}{
		{"-artuz", params{args: []string{"-u", "-z"}}, nil},
		{"-avzP --progress --stats --numeric-ids", params{args: []string{"-z"}}, nil},
		{"-rlptgoDz", params{args: []string{"-z"}}, nil},
		{"-rltz", params{args: []string{"--no-perms", "--no-group", "--no-owner", "--no-devices", "--no-specials", "-z"}}, nil},
		{"-rltpgo --devices", params{args: []string{"--no-specials"}}, nil},
		{"-rltAgoD", params{args: []string{"-A"}}, nil},
		{"-a --no-o --no-group", params{args: []string{"--no-o", "--no-group"}}, nil},
		{"-a --no-r", params{}, []string{"--no-r is dropped"}},
		{"-aHAXS", params{args: []string{"-A", "-X", "-S"}, hardLinks: true}, nil},
		{"-ax", params{oneFS: true}, nil},
		{"-a --existing --ignore-existing --max-size=1g --min-size 10", params{
			args: []string{"--existing", "--ignore-existing", "--max-size=1g", "--min-size=10"},
		}, nil},
		{"-ae ssh", params{rsh: []string{"ssh"}}, nil},
		{`-avze "ssh -p 22 -i '/a b'"`, params{args: []string{"-z"}, rsh: []string{"ssh", "-p", "22", "-i", "/a b"}}, nil},
		{"-aessh", params{rsh: []string{"ssh"}}, nil},
		{"-a --rsh=ssh", params{rsh: []string{"ssh"}}, nil},
		{"-aB4096 -T/tmp -M--fake-super", params{args: []string{"--block-size=4096", "--temp-dir=/tmp", "--remote-option=--fake-super"}}, nil},
		{
			"-a --exclude=*.o --include keep --exclude '+ x' -f 'P y' --filter='- z'",
			params{filters: rules("- *.o", "+ keep", "+ x", "P y", "- z")},
			nil,
		},
		{"-aC --exclude=a", params{filters: append(rules("- a"), filter.CVS(filter.Source{})...)}, []string{".cvsignore"}},
		{"-aF", params{}, []string{"per-directory files of rules"}},
		{"-a --exclude-from=x", params{}, []string{"no such file"}},
		{"-a --delete --delete-after --force --delete-missing-args", params{deletes: true}, nil},
		{"-a --delete-excluded --ignore-errors", params{}, []string{"never deleted", "can't be read"}},
		{"-a --max-delete=100", params{maxDelete: guard.Limit{Names: 100}}, nil},
		{"-a --max-delete=-1", params{maxDelete: guard.Limit{Names: -1}}, nil},
		{"-a --max-delete=0", params{noDelete: true}, nil},
		{"-ab --backup-dir=.old --suffix=.bak", params{backup: Backup{On: true, Dir: ".old", Suffix: ".bak"}}, nil},
		{"-a --bwlimit=500", params{bwLimit: 500 << 10}, nil},
		{"-a --port=874 --password-file=/p --timeout=60 --contimeout=5", params{
			port: 874, password: "/p",
			timeout: time.Minute, conTimeout: 5 * time.Second,
		}, nil},
		{"-a --timeout=0", params{timeout: -time.Second}, nil},
		{"-aL", params{args: []string{"-L"}}, []string{"behind a symlink"}},
		{"-ak", params{args: []string{"-k"}}, []string{"behind a symlink"}},
		{"-an", params{}, []string{"--dry-run"}},
		{
			"-a --dry-run --daemon --remove-source-files --files-from=x --from0 -0 --inplace --append --append-verify",
			params{},
			[]string{"sent", "server", "queue", "list", "list", "list", "half written", "rewritten", "rewritten"},
		},
		{"-a --compres", params{args: []string{"--compres"}}, []string{`did you mean "--compress"?`}},
		{"-a --brand-new=1 -Z", params{args: []string{"--brand-new=1", "-Z"}}, []string{"not known", "not known"}},
		{"-a --no-brand-new", params{args: []string{"--no-brand-new"}}, []string{"not known"}},
		{"-a src/ -- x", params{}, []string{"one more source", `"--"`, "one more source"}},
		{"-0- -a-", params{}, []string{"list", `"-0-" is not an option`, `"-a-" is not an option`}},
		{"-a ;", params{}, []string{"one more source"}},
		{"-a --compress=9", params{}, []string{"takes no value"}},
		{"-a --chmod", params{}, []string{"has no value"}},
		{"-a --port=x", params{}, []string{"not a port"}},
		{
			"-rt",
			params{args: []string{"--no-links", "--no-perms", "--no-group", "--no-owner", "--no-devices", "--no-specials"}},
			[]string{"symlinks are not mirrored"},
		},
	} {
		t.Run(tc.text, func(t *testing.T) {
			got, r := classifyText(t, tc.text, false)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(params{}, guard.Limit{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(r.all) != len(tc.says) {
				t.Fatalf("says %v, want %q", r.all, tc.says)
			}
			for i, want := range tc.says {
				if !strings.Contains(r.all[i].Error(), want) {
					t.Errorf("says %q, want %q", r.all[i].Error(), want)
				}
			}
		})
	}
}

// What is kept is accepted by a real rsync in the form in which it is kept.
func TestRsyncAcceptsWhatIsKept(t *testing.T) {
	values := map[string]string{
		"max-size": "1g", "min-size": "1", "max-alloc": "1g", "checksum-seed": "1",
		"block-size": "4096", "compress-level": "1", "zl": "1", "compress-threads": "1", "zt": "1",
		"skip-compress": "gz", "usermap": "a:b", "groupmap": "a:b", "chmod": "F644", "protocol": "31", "iconv": ".",
	}
	var args []string
	for _, o := range Options() {
		// These contradict others, need another user, or are not compiled in.
		skip := []string{
			"chown", "copy-as", "iconv", "old-compress", "new-compress", "copy-dest", "link-dest",
			"ignore-non-existing", "insecure-links", "confine-root", "drop-D", "crtimes", "temp-dir", "rsync-path",
			"remote-option", "early-input", "address", "sockopts", "checksum-choice", "cc", "compress-choice", "zc",
			"compress-threads", "zt", "ipv4", "ipv6", "log-file", "log-file-format", "munge-links", "protocol",
			"ignore-times", "size-only", "fake-super", "acls", "xattrs", "super",
		}
		if (o.Effect != Keep && o.Effect != KeepWarn) || slices.Contains(skip, o.Long) {
			continue
		}
		arg := "--" + o.Long
		if o.Arg {
			arg += "=" + values[o.Long]
		}
		args = append(args, arg)
	}
	p, r := classifyText(t, Join(args), true)
	if errs, _ := r.split(); errs != nil {
		t.Fatal(errs)
	}
	cmd := exec.Command("rsync", append(append([]string{"-an"}, p.args...), t.TempDir()+"/", t.TempDir())...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// Every option that rsync's own help lists has a row.
func TestTableIsComplete(t *testing.T) {
	out, err := exec.Command("rsync", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(out), "\nOptions\n")
	rows := 0
	for line := range strings.Lines(list) {
		if line[0] != '-' {
			continue
		}
		rows++
		names, _, _ := strings.Cut(line, "  ")
		for word := range strings.FieldsSeq(names) {
			word = strings.TrimSuffix(word, ",")
			name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
			long := strings.HasPrefix(word, "--")
			switch base, no := strings.CutPrefix(name, "no-"); {
			case !strings.HasPrefix(word, "-") || base == "OPTION":
			case long && no:
				if _, ok := find(base); !ok {
					if _, ok := findShort(base[0]); !ok {
						t.Errorf("no row for %s", word)
					}
				}
			case long:
				if _, ok := find(name); !ok {
					t.Errorf("no row for %s", word)
				}
			default:
				if _, ok := findShort(word[1]); !ok {
					t.Errorf("no row for %s", word)
				}
			}
		}
	}
	if rows < 100 {
		t.Errorf("only %d options in rsync's help", rows)
	}
}

func TestTableIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range Options() {
		for _, name := range []string{o.Long, string(o.Short)} {
			if name == "" || name == "\x00" {
				continue
			}
			if key := name; seen[key] && name != "D" {
				t.Errorf("%s has two rows", name)
			}
			seen[name] = true
		}
		if needsWhy := o.Effect == KeepWarn || o.Effect == Drop || o.Effect == Refuse; needsWhy != (o.Why != "") {
			t.Errorf("--%s: effect %s, why %q", o.Long, o.Effect, o.Why)
		}
	}
}

func TestSplit(t *testing.T) {
	for _, tc := range []struct {
		text    string
		want    []string
		special string
		err     error
	}{
		{"", nil, "", nil},
		{"  -a   -z\t-u\n", []string{"-a", "-z", "-u"}, "", nil},
		{`--exclude='a b' "c d" e\ f`, []string{"--exclude=a b", "c d", "e f"}, "", nil},
		{`'' "" x''y`, []string{"", "", "xy"}, "", nil},
		{`"a\"b\\c\d"`, []string{`a"b\c\d`}, "", nil},
		{`'a\'b`, []string{`a\b`}, "", nil},
		{`$HOME;x|y&z>o<i`, []string{`$HOME;x|y&z>o<i`}, "$;|&><", nil},
		{"`id` '$x' \"$y\"", []string{"`id`", "$x", "$y"}, "`$", nil},
		{`'open`, nil, "", errQuote},
		{`"open`, nil, "", errQuote},
		{`"open\"`, nil, "", errQuote},
		{`end\`, nil, "", errBackslash},
	} {
		words, special, err := Split(tc.text)
		if !slices.Equal(words, tc.want) || special != tc.special || !errors.Is(err, tc.err) {
			t.Errorf("Split(%q) = %q, %q, %v; want %q, %q, %v", tc.text, words, special, err, tc.want, tc.special, tc.err)
		}
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]int64{
		"500": 500 << 10, "1k": 1 << 10, "1.5m": 3 << 19, "1MB": 1e6, "2GiB": 2 << 30,
		"0": 0, "100b": 100, "x": -1, "1x": -1, "-1": -1, "1kk": -1, "NaN": -1, "1e300": -1,
	} {
		got, err := parseRsyncRate(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("rate %q = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]int64{
		"64MiB": 64 << 20, "10GB": 1e10, "4096": 4096, "1 kB": 1000, "1.5KiB": 1536,
		"": -1, "-1": -1, "NaN": -1, "1e30": -1, "5M": -1,
	} {
		got, err := parseSize(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("size %q = %d, %v; want %d", text, got, err, want)
		}
		if err != nil {
			continue
		}
		if again, err := parseSize(formatSize(got)); err != nil || again != got {
			t.Errorf("size %d is written %q and read %d, %v", got, formatSize(got), again, err)
		}
	}
	for text, want := range map[string]time.Duration{
		"5m": 5 * time.Minute, "2d": 48 * time.Hour, "1h30m": 90 * time.Minute,
		"0": 0, "x": -1, "-5m": -1, "5": -1,
	} {
		got, err := parseDuration(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("duration %q = %v, %v; want %v", text, got, err, want)
		}
	}
}
