package child

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Traffic is what an rsync daemon's log tells about a stretch of time.
type Traffic struct {
	Runs     int   // that came as far as the module: a warm run that was never used is one
	Received int64 // bytes, of the runs that have ended
	Stored   int   // names, if transfers are logged
	Deleted  int   // names, if transfers are logged
}

// Mark is a place in the daemon's log.
func (d *Rsyncd) Mark() (int64, error) {
	st, err := os.Stat(d.file("log"))
	if err != nil {
		return 0, fmt.Errorf("mark the rsync daemon's log: %w", err)
	}
	return st.Size(), nil
}

// Since reads the log from a Mark until now.
func (d *Rsyncd) Since(mark int64) (Traffic, error) {
	text, err := os.ReadFile(d.file("log"))
	if err != nil {
		return Traffic{}, fmt.Errorf("read the rsync daemon's log: %w", err)
	}
	return parseTraffic(text[min(mark, int64(len(text))):]), nil
}

// parseTraffic reads lines such as
//
//	2026/11/25 10:33:36 [358] rsync to m/ from localhost (127.0.0.1)
//	2026/11/25 10:33:36 [363] del. *deleting   d/f3
//	2026/11/25 10:33:36 [363] recv >f..t...... x
//	2026/11/25 10:33:36 [363] sent 79 bytes  received 118 bytes  total size 2
func parseTraffic(log []byte) Traffic {
	var t Traffic
	for line := range bytes.Lines(log) {
		_, words, ok := bytes.Cut(line, []byte("] "))
		switch {
		case !ok:
		case bytes.HasPrefix(words, []byte("rsync to ")):
			t.Runs++
		case bytes.HasPrefix(words, []byte("recv ")):
			t.Stored++
		case bytes.HasPrefix(words, []byte("del. ")):
			t.Deleted++
		case bytes.HasPrefix(words, []byte("sent ")):
			if fields := bytes.Fields(words); len(fields) > 4 {
				n, _ := strconv.ParseInt(string(fields[4]), 10, 64) // a foreign line counts nothing
				t.Received += n
			}
		}
	}
	return t
}
