package rsyncexec

import (
	"bytes"
	"strconv"
	"strings"
)

const (
	maxTail       = 8 << 10 // bytes of messages that are kept
	maxPathErrors = 256
)

// diagnostics is what rsync, the remote shell and the daemon said besides changes, on either
// stream, in bounded memory.
type diagnostics struct {
	tail    []byte
	first   string // the first line that says what was wrong
	paths   []PathError
	others  int  // telling lines that name no path
	stopped bool // by --max-delete
	left    int  // deletions that it stopped; inexact for nested directories
	ioError bool // deletions were skipped because of an error at the source
	kept    int  // directories that were not empty once the protected names were left
}

// line takes one line. It is decisive for deletions: with a daemon, "stopped" has no exit code.
func (d *diagnostics) line(b []byte) {
	line := clean(b)
	if line == "" {
		return
	}
	d.tail = append(append(d.tail, line...), '\n')
	if over := len(d.tail) - maxTail; over > 0 {
		if i := bytes.IndexByte(d.tail[over:], '\n'); i >= 0 && over+i+1 < len(d.tail) {
			over += i + 1
		}
		d.tail = append(d.tail[:0], d.tail[over:]...)
	}
	switch {
	case strings.HasPrefix(line, "Deletions stopped due to --max-delete limit"):
		d.stopped = true
		_, rest, _ := strings.Cut(line, "(")
		n, _ := leadingNumber(rest)
		d.left += n
		return
	case strings.Contains(line, "skipping file deletion"):
		d.ioError = true
		return
	case strings.HasPrefix(line, "cannot delete non-empty directory"):
		d.kept++
		return
	}
	if d.first == "" && telling(line) {
		d.first = line
	}
	switch p, ok := parsePathError(line); {
	case ok && len(d.paths) < maxPathErrors:
		d.paths = append(d.paths, p)
	case !ok && telling(line):
		d.others++
	}
}

// telling lines say what was wrong; the others what that led to.
func telling(line string) bool {
	for _, prefix := range []string{
		"rsync error:", "rsync warning:", "*** Skipping", "Warning: Permanently added", "@@@@",
		"sending incremental file list", "sent ", "total size is",
	} {
		if strings.HasPrefix(line, prefix) {
			return false
		}
	}
	return true
}

func (d *diagnostics) text() string { return string(d.tail) }

// lineWith is the first kept line with text in it.
func (d *diagnostics) lineWith(text string) string {
	for line := range strings.SplitSeq(string(d.tail), "\n") {
		if strings.Contains(line, text) {
			return line
		}
	}
	return d.first
}

// add folds another run's words in, for an invocation that took several runs.
func (d *diagnostics) add(o *diagnostics) {
	d.tail = append(d.tail, o.tail...)
	if over := len(d.tail) - maxTail; over > 0 {
		d.tail = append(d.tail[:0], d.tail[over:]...)
	}
	if d.first == "" {
		d.first = o.first
	}
	d.paths = append(d.paths, o.paths[:min(len(o.paths), maxPathErrors-len(d.paths))]...)
	d.stopped, d.ioError = d.stopped || o.stopped, d.ioError || o.ioError
	d.others += o.others
	d.left += o.left
	d.kept += o.kept
}

// clean makes one printable line of what may come from the other end of the world.
func clean(b []byte) string {
	b = bytes.TrimRight(b, "\r\n\t ")
	for _, c := range b {
		if c < ' ' || c >= 0x7f {
			return strings.Trim(strconv.QuoteToASCII(string(b)), `"`)
		}
	}
	return string(b)
}
