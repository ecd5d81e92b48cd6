package config_test

import (
	"strings"
	"testing"

	"github.com/sersync/sersync/engine/config"
)

func TestClashes(t *testing.T) {
	dir := place(t)
	for _, tc := range []struct {
		name   string
		target string             // of DIR/src
		other  config.OtherTarget // its Dest is To
		to     string
		once   bool
		want   string // "" for none
	}{
		{
			name: "the same place, running", target: "{to: 'h::m'}", to: "h::m/",
			other: config.OtherTarget{Source: dir + "/other", Running: true, PID: 7},
			want: "conf:1: target: h::m is, or lies inside or around, the target of other.xml, which runs now as " +
				"process 7: each would delete what the other brings; end that one, give each a directory of its own, " +
				"or delete: live for both",
		},
		{
			name: "nested, whose process is not known", target: "{to: DIR/dst}", to: dir + "/dst/x",
			other: config.OtherTarget{Source: dir + "/other", Running: true}, want: "other.xml, which runs now: each",
		},
		{
			name: "around, not running", target: "{to: DIR/dst/x}", to: dir + "/dst",
			other: config.OtherTarget{Source: dir + "/other"}, want: "conf:1: warning: target: ",
		},
		{
			name: "by a symlink", target: "{to: DIR/link/x}", to: dir + "/src/x",
			other: config.OtherTarget{Source: dir + "/other", Running: true}, want: "which runs now",
		},
		{name: "beside", target: "{to: DIR/dst/x}", to: dir + "/dst/y", other: config.OtherTarget{Running: true}},
		{name: "another port", target: "{to: 'h::m', port: 874}", to: "h::m", other: config.OtherTarget{Running: true}},
		{
			name: "both tame", target: "{to: 'h::m', delete: live}", to: "h::m",
			other: config.OtherTarget{Source: dir + "/other", Running: true, Delete: "never"},
		},
		{
			name: "one is tame", target: "{to: 'h::m', delete: live}", to: "h::m",
			other: config.OtherTarget{Source: dir + "/other", Running: true, Delete: "full"}, want: "which runs now",
		},
		{
			name: "two daemons do the same", target: "{to: 'h::m'}", to: "h::m",
			other: config.OtherTarget{Source: dir + "/link", Running: true}, want: "which runs now",
		},
		{
			name: "a pass beside a daemon that does the same", target: "{to: 'h::m'}", to: "h::m", once: true,
			other: config.OtherTarget{Source: dir + "/src", Running: true},
		},
		{
			name: "a daemon beside a pass that does the same", target: "{to: 'h::m'}", to: "h::m",
			other: config.OtherTarget{Source: dir + "/src", Running: true, Once: true},
		},
		{
			name: "it was tried out by hand once", target: "{to: 'h::m'}", to: "h::m",
			other: config.OtherTarget{Source: dir + "/src"},
		},
		{
			name: "a pass of another source", target: "{to: 'h::m'}", to: "h::m", once: true,
			other: config.OtherTarget{Source: dir + "/other", Running: true, Once: true}, want: "which runs now",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := "trees: [{path: DIR/src, targets: [" + tc.target + "]}]"
			c := parse(t, strings.ReplaceAll(text, "DIR", dir))
			other := config.Target{Dest: tc.to}
			tc.other.Config = "other.xml"
			if tc.other.Delete == "" {
				tc.other.Delete = "auto"
			}
			var err error
			if tc.other.Dest, err = other.Destination(); err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range c.Clashes([]config.OtherTarget{tc.other}, tc.once) {
				got += f.Error() + "\n"
			}
			if !strings.Contains(got, tc.want) || (got == "") != (tc.want == "") || strings.Count(got, "\n") > 1 {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
