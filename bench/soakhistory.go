package bench

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sersync/sersync/bench/internal/same"
)

// mostHistory bounds how much of what was done is told with a difference.
const mostHistory = 60

func (s *soak) historyFile() string { return filepath.Join(s.dir, "changes") }

// difference is the error for a report.
func (s *soak) difference(report *same.Report) error {
	e := &DifferenceError{
		Seed: s.Seed, Round: s.round, Upset: s.upset, Patience: s.Patience, Report: report.String(),
	}
	if s.Keep {
		e.Dir = s.dir
	}
	lines, err := s.about(report)
	if err != nil {
		lines = append(lines, fmt.Sprintf("the history can't be read: %v", err))
	}
	e.History = lines
	return e
}

// about finds the latest changes that name a path that differs, or a directory above it.
func (s *soak) about(report *same.Report) ([]string, error) {
	wanted := map[string]bool{}
	for _, sample := range report.Samples {
		quoted, err := strconv.QuotedPrefix(sample)
		if err != nil {
			continue
		}
		path, err := strconv.Unquote(quoted)
		if err != nil {
			continue
		}
		for ; path != "."; path = filepath.Dir(path) {
			wanted[strconv.Quote(path)] = true
		}
	}
	f, err := os.Open(s.historyFile())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var found []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !mentions(lines.Text(), wanted) {
			continue
		}
		if found = append(found, "round "+lines.Text()); len(found) > mostHistory {
			found = found[1:]
		}
	}
	return found, lines.Err()
}

// mentions tells whether a line has one of the quoted names.
func mentions(line string, wanted map[string]bool) bool {
	for {
		start := strings.IndexByte(line, '"')
		if start < 0 {
			return false
		}
		quoted, err := strconv.QuotedPrefix(line[start:])
		if err != nil {
			return false
		}
		if wanted[quoted] {
			return true
		}
		line = line[start+len(quoted):]
	}
}
