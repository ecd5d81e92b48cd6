package scan

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/sersync/sersync/kern/internal/sys"
)

// errMountinfo says that a line is not as proc(5) describes it.
var errMountinfo = errors.New("malformed mountinfo line")

// mountLine is one line of /proc/self/mountinfo (proc(5)), unescaped.
type mountLine struct {
	id, parent uint64
	dev        uint64 // st_dev of files on it; on btrfs each subvolume has another one
	point      string // where it is mounted, from our root directory
	fstype     string
	source     string
}

// parseMountinfo decodes all lines, in the kernel's order: a mount comes after the one below it.
func parseMountinfo(text []byte) ([]mountLine, error) {
	var lines []mountLine
	for line := range bytes.Lines(text) {
		m, err := parseMountLine(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, fmt.Errorf("%w: %q", err, line)
		}
		lines = append(lines, m)
	}
	return lines, nil
}

// parseMountLine decodes, for example,
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
//
// A source may be empty, so fields are between single spaces; names never contain one.
func parseMountLine(line []byte) (mountLine, error) {
	const (
		id, parent, dev, point = 0, 1, 2, 4
		optional               = 6 // the first of any number of them, then "-"
	)
	fields := bytes.Split(line, []byte(" "))
	dash := optional
	for dash < len(fields) && string(fields[dash]) != "-" {
		dash++
	}
	if dash+2 >= len(fields) {
		return mountLine{}, errMountinfo
	}
	var m mountLine
	var err error
	if m.id, err = strconv.ParseUint(string(fields[id]), 10, 64); err != nil {
		return mountLine{}, errMountinfo
	}
	if m.parent, err = strconv.ParseUint(string(fields[parent]), 10, 64); err != nil {
		return mountLine{}, errMountinfo
	}
	if m.dev, err = parseDev(fields[dev]); err != nil {
		return mountLine{}, err
	}
	m.point = unescape(fields[point])
	m.fstype, m.source = unescape(fields[dash+1]), unescape(fields[dash+2])
	return m, nil
}

// parseDev decodes "major:minor".
func parseDev(field []byte) (uint64, error) {
	major, minor, ok := bytes.Cut(field, []byte(":"))
	if !ok {
		return 0, errMountinfo
	}
	hi, err1 := strconv.ParseUint(string(major), 10, 32)
	lo, err2 := strconv.ParseUint(string(minor), 10, 32)
	if err1 != nil || err2 != nil {
		return 0, errMountinfo
	}
	return sys.Makedev(uint32(hi), uint32(lo)), nil
}

// unescape undoes the octal escapes (\040 for a space) that the kernel writes for space, tab,
// newline, backslash and '#'. Anything else after a backslash is left as it is.
func unescape(field []byte) string {
	i := bytes.IndexByte(field, '\\')
	if i < 0 {
		return string(field)
	}
	out := append(make([]byte, 0, len(field)), field[:i]...)
	for ; i < len(field); i++ {
		if field[i] == '\\' && i+3 < len(field) {
			v, err := strconv.ParseUint(string(field[i+1:i+4]), 8, 8)
			if err == nil {
				out = append(out, byte(v))
				i += 3
				continue
			}
		}
		out = append(out, field[i])
	}
	return string(out)
}
