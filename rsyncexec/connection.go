package rsyncexec

import (
	"strconv"
	"time"
)

// connection are the options that say how to reach the target; probes need them too.
func (o *Options) connection() []string {
	var args []string
	// A daemon that does not set `socket options = TCP_NODELAY` answers --timeout with a small
	// message of its own, and Nagle then holds its next one back for 40 ms. A cold run pays that; a
	// warm one has it behind it. Without, a dead peer would hold the run, and a dead client the
	// daemon's connection, for hours.
	if s := seconds(o.Timeout); s > 0 {
		args = append(args, "--timeout="+strconv.Itoa(s))
	}
	if o.RSH != "" {
		args = append(args, "--rsh="+o.RSH)
	}
	kind := o.transportOf()
	if kind == daemon || kind == daemonOverShell {
		// A message of the day is printed among the changes.
		args = append(args, "--no-motd")
		if o.Port > 0 {
			args = append(args, "--port="+strconv.Itoa(o.Port))
		}
		if o.PasswordFile != "" {
			args = append(args, "--password-file="+o.PasswordFile)
		}
	}
	if kind == daemon {
		// Without TCP_NODELAY a warm run's end costs one Nagle delay, 40 ms.
		args = append(args, "--sockopts=TCP_NODELAY")
		if s := seconds(o.ConTimeout); s > 0 {
			args = append(args, "--contimeout="+strconv.Itoa(s))
		}
	}
	return args
}

// seconds rounds up: rsync takes whole ones, and 0 as none at all.
func seconds(d time.Duration) int {
	if d <= 0 {
		return 0
	}
	return int((d + time.Second - 1) / time.Second)
}

func appendBudget(args []string, n int) []string {
	if n < 0 {
		return args
	}
	return append(args, "--max-delete="+strconv.Itoa(n))
}
