package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseDuration reads "90s", "5m", "1h30m", "2d" or "0".
func parseDuration(s string) (time.Duration, error) {
	text := s
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && 0 <= n && n <= 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration such as 30s, 5m or 12h", s)
	}
	return d, nil
}

// formatDuration is the shortest text that parseDuration reads back.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

var sizeUnits = []struct {
	name string
	n    int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"kB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
}

// parseSize reads "64MiB", "10GB" or a number of bytes.
func parseSize(s string) (int64, error) {
	number, unit := s, int64(1)
	for _, u := range sizeUnits {
		if head, ok := strings.CutSuffix(s, u.name); ok {
			number, unit = strings.TrimSpace(head), u.n
			break
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f >= 0) || f*float64(unit) >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size such as 64MiB, 10GB or 4096", s)
	}
	return int64(f * float64(unit)), nil
}

func formatSize(n int64) string {
	for i := 3; i >= 0; i-- { // the binary units, largest first
		if u := sizeUnits[i]; n >= u.n && n%u.n == 0 {
			return strconv.FormatInt(n/u.n, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

var errRate = errors.New("not a rate such as 500, 2.5m or 1MB")

// parseRsyncRate reads the argument of rsync's --bwlimit, in bytes a second: a number is KiB, a
// letter is a binary unit, with "B" after it a decimal one, with "iB" a binary one.
func parseRsyncRate(s string) (int64, error) {
	digits := strings.TrimRight(s, "bBkKmMgGtTiI")
	unit := strings.ToLower(s[len(digits):])
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(f >= 0) || f > 1e15 {
		return 0, fmt.Errorf("%q: %w", s, errRate)
	}
	scale := 1024.0
	if unit != "" && unit != "b" {
		power := strings.IndexByte("kmgt", unit[0]) + 1
		base := 1024.0
		switch unit[1:] {
		case "", "ib":
		case "b":
			base = 1000
		default:
			power = 0
		}
		if power == 0 {
			return 0, fmt.Errorf("%q: %w", s, errRate)
		}
		scale = math.Pow(base, float64(power))
	} else if unit == "b" {
		scale = 1
	}
	if f*scale >= math.MaxInt64 {
		return 0, fmt.Errorf("%q: %w", s, errRate)
	}
	return int64(f * scale), nil
}
