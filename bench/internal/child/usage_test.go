package child

import (
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const line = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 150 50 7 3 20 0 9 0 1234 99999 25 " +
		"18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n"
	u, err := parseStat([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if u.Self != 2*time.Second || u.Children != 100*time.Millisecond || u.RSS == 0 || u.RSS%25 != 0 {
		t.Errorf("usage %+v", u)
	}
	for _, broken := range []string{"", "42 (a", "42 (a) S 1 2", "42 (a) S 1 42 42 0 -1 4194560 1 2 3 4 x 50 7 3 20 0 9 0 1234 99999 25 1"} {
		if _, err := parseStat([]byte(broken)); err == nil {
			t.Errorf("parseStat(%q) found something", broken)
		}
	}
}

func TestParseSwitches(t *testing.T) {
	const status = "Name:\tx\nThreads:\t3\nvoluntary_ctxt_switches:\t1234\nnonvoluntary_ctxt_switches:\t99\n"
	if n := parseSwitches([]byte(status)); n != 1234 {
		t.Errorf("%d switches", n)
	}
}

func TestParseSchedstat(t *testing.T) {
	if d := parseSchedstat([]byte("39312893 1053 72\n")); d != 39312893*time.Nanosecond {
		t.Errorf("%v", d)
	}
}

func TestParseTraffic(t *testing.T) {
	const log = `2026/11/25 10:33:35 [340] rsyncd version 3.5.0 starting, listening on port 18999
2026/11/25 10:33:36 [363] connect from UNDETERMINED (127.0.0.1)
2026/11/25 10:33:36 [363] rsync to m/ from UNDETERMINED (127.0.0.1)
2026/11/25 10:33:36 [363] receiving file list
2026/11/25 10:33:36 [363] del. *deleting   d/f3
2026/11/25 10:33:36 [363] recv >f..t...... x
2026/11/25 10:33:36 [363] sent 79 bytes  received 118 bytes  total size 2
2026/11/25 10:33:36 [366] rsync to m/ from UNDETERMINED (127.0.0.1)
2026/11/25 10:33:36 [366] sent 79 by`
	want := Traffic{Runs: 2, Received: 118, Stored: 1, Deleted: 1}
	if got := parseTraffic([]byte(log)); got != want {
		t.Errorf("traffic %+v, want %+v", got, want)
	}
}
