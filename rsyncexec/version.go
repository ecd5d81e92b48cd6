package rsyncexec

import (
	"fmt"
	"strings"
)

// Version is an rsync version; the zero Version is unknown.
type Version struct{ Major, Minor, Patch int }

// ParseVersion reads the first line of `rsync --version`, e.g.
// "rsync  version 3.2.7  protocol version 31". Distributions and git builds add to the number
// ("v3.2.4pre1", "3.4.1-2"): that is ignored.
func ParseVersion(out string) (Version, bool) {
	line, _, _ := strings.Cut(out, "\n")
	words := strings.Fields(line)
	if len(words) < 3 || words[0] != "rsync" || words[1] != "version" {
		return Version{}, false
	}
	var parts [3]int
	rest := strings.TrimPrefix(words[2], "v")
	for i := range parts {
		n, digits := leadingNumber(rest)
		if digits == 0 {
			return Version{}, false
		}
		parts[i], rest = n, rest[digits:]
		if i < 2 && !strings.HasPrefix(rest, ".") {
			if i == 0 {
				return Version{}, false
			}
			break // "3.2": no patch level
		}
		rest = strings.TrimPrefix(rest, ".")
	}
	return Version{parts[0], parts[1], parts[2]}, true
}

func leadingNumber(s string) (n, digits int) {
	for digits < len(s) && digits < 6 && s[digits] >= '0' && s[digits] <= '9' {
		n = n*10 + int(s[digits]-'0')
		digits++
	}
	return n, digits
}

// Less orders versions.
func (v Version) Less(w Version) bool {
	if v.Major != w.Major {
		return v.Major < w.Major
	}
	if v.Minor != w.Minor {
		return v.Minor < w.Minor
	}
	return v.Patch < w.Patch
}

func (v Version) String() string {
	if v == (Version{}) {
		return "unknown"
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}
