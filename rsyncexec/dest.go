package rsyncexec

import "strings"

// transport is the way to a destination.
type transport uint8

const (
	local transport = iota
	remoteShell
	daemon          // a socket to an rsync daemon
	daemonOverShell // rsync://… with -e: a daemon that a remote shell starts
)

// transportOf reads the destination as rsync does: rsync://… and host::module are a daemon,
// host:path is a remote shell unless a slash comes before the colon.
func (o Options) transportOf() transport {
	kind := transportOfDest(o.Dest)
	if kind == daemon && (o.RSH != "" || hasRSH(o.Args)) {
		return daemonOverShell
	}
	return kind
}

func transportOfDest(dest string) transport {
	if len(dest) >= 8 && strings.EqualFold(dest[:8], "rsync://") {
		return daemon
	}
	host := dest
	if i := strings.IndexByte(dest, '['); i >= 0 { // an IPv6 address has colons of its own
		if j := strings.IndexByte(dest[i:], ']'); j >= 0 && strings.IndexByte(dest[:i], '/') < 0 {
			host = dest[i+j:]
		}
	}
	colon, slash := strings.IndexByte(host, ':'), strings.IndexByte(host, '/')
	switch {
	case colon < 0, slash >= 0 && slash < colon:
		return local
	case strings.HasPrefix(host[colon:], "::"):
		return daemon
	}
	return remoteShell
}

// hasRSH looks for a remote shell among the user's options. A daemon behind one must not be
// given --contimeout: rsync refuses that.
func hasRSH(args []string) bool {
	for _, a := range args {
		if a == "-e" || a == "--rsh" || strings.HasPrefix(a, "--rsh=") {
			return true
		}
		if strings.HasPrefix(a, "-e") && !strings.HasPrefix(a, "--") {
			return true
		}
	}
	return false
}
