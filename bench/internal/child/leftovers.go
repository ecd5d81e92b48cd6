package child

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Naming lists processes, other than this one, that have any of the words in their command line:
// what a program that has ended should not leave behind. Each is given as "PID command line".
func Naming(words ...string) []string {
	var found []string
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is right
	own := strconv.Itoa(os.Getpid())
	for _, file := range lines {
		pid := filepath.Base(filepath.Dir(file))
		text, err := os.ReadFile(file)
		if err != nil || pid == own {
			continue
		}
		line := string(bytes.ReplaceAll(bytes.TrimRight(text, "\x00"), []byte{0}, []byte{' '}))
		for _, word := range words {
			if strings.Contains(line, word) {
				found = append(found, pid+" "+line)
				break
			}
		}
	}
	return found
}
