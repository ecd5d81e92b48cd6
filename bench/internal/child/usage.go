package child

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tick is the unit of times in /proc/PID/stat: USER_HZ, 100 on every architecture that Go runs on.
const tick = 10 * time.Millisecond

// Usage is what a process has used until now, by proc(5).
type Usage struct {
	Self     time.Duration // of all its threads, in steps of 10 ms
	Children time.Duration // of the children it has waited for
	// Exact is that of its threads that are alive, in nanoseconds; 0 where the kernel does not count.
	Exact time.Duration
	// Switches counts how often a thread that is alive went to sleep by itself.
	Switches int
	RSS      int64 // bytes
}

// Usage reads what p has used until now.
func (p *Process) Usage() (Usage, error) {
	u, err := usageOf(p.Pid())
	if err != nil {
		return Usage{}, fmt.Errorf("read usage of %s: %w", p.name(), err)
	}
	return u, nil
}

func usageOf(pid int) (Usage, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	text, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return Usage{}, err
	}
	u, err := parseStat(text)
	if err != nil {
		return Usage{}, err
	}
	threads, err := filepath.Glob(filepath.Join(dir, "task", "*"))
	if err != nil {
		return Usage{}, err
	}
	for _, thread := range threads {
		// A thread that has ended counts nothing.
		if status, err := os.ReadFile(filepath.Join(thread, "status")); err == nil {
			u.Switches += parseSwitches(status)
		}
		if times, err := os.ReadFile(filepath.Join(thread, "schedstat")); err == nil {
			u.Exact += parseSchedstat(times)
		}
	}
	return u, nil
}

// parseStat takes the times from a line of /proc/PID/stat. The name in parentheses may hold
// anything, also spaces and parentheses.
func parseStat(text []byte) (Usage, error) {
	_, rest, ok := cutLast(text, ')')
	fields := bytes.Fields(rest)
	// Fields of proc_pid_stat(5), of which the state is number 3 and the first here.
	const utime, rss = 14 - 3, 24 - 3
	if !ok || len(fields) <= rss {
		return Usage{}, fmt.Errorf("parse stat %q", text)
	}
	var ticks [4]int64
	for i := range ticks {
		n, err := strconv.ParseInt(string(fields[utime+i]), 10, 64)
		if err != nil {
			return Usage{}, fmt.Errorf("parse stat: %w", err)
		}
		ticks[i] = n
	}
	pages, err := strconv.ParseInt(string(fields[rss]), 10, 64)
	if err != nil {
		return Usage{}, fmt.Errorf("parse stat: %w", err)
	}
	return Usage{
		Self:     time.Duration(ticks[0]+ticks[1]) * tick,
		Children: time.Duration(ticks[2]+ticks[3]) * tick,
		RSS:      pages * int64(os.Getpagesize()),
	}, nil
}

func cutLast(text []byte, sep byte) (before, after []byte, found bool) {
	i := bytes.LastIndexByte(text, sep)
	if i < 0 {
		return text, nil, false
	}
	return text[:i], text[i+1:], true
}

func parseSwitches(status []byte) int {
	_, rest, _ := bytes.Cut(status, []byte("\nvoluntary_ctxt_switches:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, _ := strconv.Atoi(string(bytes.TrimSpace(line)))
	return n
}

// parseSchedstat takes the time on a processor, the first field, in nanoseconds.
func parseSchedstat(times []byte) time.Duration {
	field, _, _ := bytes.Cut(times, []byte(" "))
	n, _ := strconv.ParseInt(string(field), 10, 64)
	return time.Duration(n)
}
