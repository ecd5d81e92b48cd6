package wild

import (
	"strconv"
	"strings"
)

// odd are names that lists, shells, filters and escapes have stumbled over.
func odd() []string {
	return []string{
		"-rf", "--delete", " ", " lead", "trail ", "#hash", ";semi", "~", "~root", "a~", ".hidden", ".swp.swx",
		"new\nline", "\n", "cr\r", "tab\t", "esc\x1b[31m", "*", "?", "[a]", "[", "]", "**", "\\", "\\*", "back\\slash",
		"\\134", "\\#134", "\\#012", "'", "\"", "`id`", "$HOME", "${x}", "$(id)", "%f%n", "a:b", "::m", "host:x", "!",
		"+ x", "- x", "P x", "\xff\xfe", "caf\xe9", "café", "cafe\u0301", "\u202egnp", "。", "...", "..a", ".a.",
		".f.aB3dE9", ".f1.Xy12Zq", "4913", "*deleting", ">f+++++++++ x", "nul", "{}", "&", "<x>", "|", "(x)", "\x01", "\x7f",
	}
}

// name draws a name: from few, so that names come again, with another type.
func (w *Wild) name() string {
	switch n := w.rng.IntN(100); {
	case n < 65:
		return string("abcdefgh"[w.rng.IntN(8)]) + strconv.Itoa(w.rng.IntN(6))
	case n < 97:
		names := odd()
		return names[w.rng.IntN(len(names))]
	default:
		return strings.Repeat("l", 200) + strconv.Itoa(w.rng.IntN(6))
	}
}

// longest is a file's name of the greatest length; directories keep theirs short, so that paths do.
func (w *Wild) longest() string { return strings.Repeat("é", 127) + strconv.Itoa(w.rng.IntN(10)) }

// dirName draws a name for a directory.
func (w *Wild) dirName() string {
	for {
		if name := w.name(); len(name) < 30 {
			return name
		}
	}
}
