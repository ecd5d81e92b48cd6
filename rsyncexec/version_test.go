package rsyncexec

import "testing"

func TestParseVersion(t *testing.T) {
	for line, want := range map[string]Version{
		"rsync  version 3.5.0  protocol version 32\nmore":        {3, 5, 0},
		"rsync  version 3.0.6  protocol version 30":              {3, 0, 6},
		"rsync  version v3.2.4pre1-12-gabc  protocol version 31": {3, 2, 4},
		"rsync version 2.6.9 compatible":                         {2, 6, 9},
		"rsync  version 3.4  protocol version 32":                {3, 4, 0},
		"openrsync: protocol version 29":                         {},
		"rsync  version x":                                       {},
		"rsync  version 3":                                       {},
		"":                                                       {},
	} {
		got, ok := ParseVersion(line)
		if got != want || ok != (want != Version{}) {
			t.Errorf("%q: %v, %v, want %v", line, got, ok, want)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	f.Add("rsync  version 3.2.7  protocol version 31\n")
	f.Add("rsync  version v3.99999999.1-2  protocol version 31")
	f.Fuzz(func(t *testing.T, out string) {
		v, ok := ParseVersion(out)
		if !ok {
			return
		}
		again, ok := ParseVersion("rsync  version " + v.String() + "  protocol version 31")
		if v != (Version{}) && (!ok || again != v) {
			t.Errorf("%q: %v, then %v", out, v, again)
		}
		if v.Less(v) || v.Less(Version{3, 1, 3}) == (Version{3, 1, 2}).Less(v) {
			t.Errorf("%v has no order", v)
		}
	})
}

func TestWindowByLocalVersion(t *testing.T) {
	for v, want := range map[Version]string{
		{3, 0, 9}: "", {3, 1, 0}: "-M-@-1", {3, 1, 2}: "-M-@-1", {3, 1, 3}: "-@-1", {4, 0, 0}: "-@-1",
	} {
		if got := windowOf(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
