package rsyncexec

import "strings"

// Class sorts failures by what can be done about them. It is decided by the exit code and the
// text together: a daemon answers "too many connections" and "no such module" with one code.
type Class uint8

const (
	Unknown Class = iota
	// Unreachable: the target does not answer; try again later.
	Unreachable
	// MaxConnections: it answers, but has no place; try again later, with fewer runs.
	MaxConnections
	// Auth: it does not let us in.
	Auth
	// Config: a fault that stays until a person changes something.
	Config
	// Refused: the target's configuration forbids it (read only, refuse options).
	Refused
	// DiskFull: no room (space, inodes, quota) on the target.
	DiskFull
	// Partial: some paths failed, the others were done.
	Partial
	// Vanished: some paths were gone when rsync came to them; look again.
	Vanished
	// Timeout: the connection stood still.
	Timeout
	// Killed: a signal ended it, ours or another's.
	Killed
	// OldRsync: the other end does not understand an option, or gets it wrong.
	OldRsync
)

var classNames = [...]string{
	"unknown", "unreachable", "max connections", "auth", "config", "refused", "disk full",
	"partial", "vanished", "timeout", "killed", "old rsync",
}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "unknown"
}

// remedy is what a person can do about it, "" where there is nothing.
func (c Class) remedy() string {
	switch c {
	case Unreachable:
		return "see that the target is up and that its port is open"
	case MaxConnections:
		return "raise `max connections` in rsyncd.conf or use fewer runs"
	case Auth:
		return "check the user, the password file or the ssh key"
	case Refused:
		return "see `read only` and `refuse options` in the target's rsyncd.conf"
	case DiskFull:
		return "make room on the target"
	case Timeout:
		return "see the network and the load of the target"
	case OldRsync:
		return "update rsync on the target"
	}
	return ""
}

// hint is one text of rsync, ssh or the kernel that says more than the exit code.
type hint struct {
	text   string
	class  Class
	remedy string // "" is the class's
}

// hints in the order of precedence. They are looked for in everything that was printed.
var hints = [...]hint{
	{text: "max connections (", class: MaxConnections},
	{
		text: "REMOTE HOST IDENTIFICATION HAS CHANGED", class: Auth,
		remedy: "if the host was reinstalled, remove its old key with ssh-keygen -R HOST",
	},
	{
		text: "Host key verification failed", class: Auth,
		remedy: "connect once by hand to accept the host's key",
	},
	{text: "auth failed on module", class: Auth},
	{text: "Permission denied (publickey", class: Auth},
	{text: "Permission denied, please try again", class: Auth},
	{text: "Too many authentication failures", class: Auth},
	{
		text: "access denied to", class: Refused,
		remedy: "see `hosts allow` and `hosts deny` in the target's rsyncd.conf",
	},
	{text: "Unknown module", class: Config, remedy: "see the module's name in the target's rsyncd.conf"},
	{text: "@ERROR: chdir failed", class: Config, remedy: "the module's path is missing on the target"},
	{text: "password file", class: Config, remedy: "the password file must be readable by its owner only"},
	{text: "configured to refuse", class: Refused},
	{text: "module is read only", class: Refused},
	{text: "module is write only", class: Refused},
	{text: "unknown option", class: OldRsync},
	{text: "invalid file mode 00", class: OldRsync},
	{text: "ABORTING due to invalid path", class: Vanished},
	{
		text: "is your shell clean", class: Config,
		remedy: "the remote shell must print nothing (see its .bashrc)",
	},
	{text: "No space left on device", class: DiskFull},
	{text: "Disk quota exceeded", class: DiskFull},
	{text: "Connection refused", class: Unreachable},
	{text: "No route to host", class: Unreachable},
	{text: "Name or service not known", class: Unreachable, remedy: "check the host's name"},
	{text: "Could not resolve hostname", class: Unreachable, remedy: "check the host's name"},
	{text: "Temporary failure in name resolution", class: Unreachable},
	{text: "Connection timed out", class: Unreachable},
	{text: "Network is unreachable", class: Unreachable},
	{
		text: "Operation not supported (95)", class: Partial,
		remedy: "the receiver can't chmod inside its chroot: rsync 3.2.3 and older, built with a new glibc; update it or set `use chroot = no`",
	},
}

// find is the first hint in text that can explain code; -1 is none.
func (c ExitCode) find(text string) int {
	for i := range hints {
		h := &hints[i]
		if h.class == Partial && c != ExitPartial {
			continue
		}
		// In a run that did the rest, the paths' own errors are not the whole run's. That the
		// disk is full is.
		if (c == ExitPartial || c == ExitVanished) && h.class != Partial && h.class != DiskFull {
			continue
		}
		if strings.Contains(text, h.text) {
			return i
		}
	}
	return -1
}

// Class sorts by the code alone; text, if there is any, says more.
func (c ExitCode) Class(text string) Class {
	if i := c.find(text); i >= 0 {
		return hints[i].class
	}
	switch c {
	case ExitSocketIO, ExitConTimeout, ExitStreamIO, ExitShell:
		return Unreachable
	case ExitSyntax, ExitProtocol, ExitFileSelect, ExitUnsupported, ExitStartClient, ExitFileIO,
		ExitCmdFailed, ExitCmdKilled, ExitCmdRun, ExitCmdNotFound, ExitNone:
		return Config
	case ExitTimeout:
		return Timeout
	case ExitSignal, ExitSignal1, ExitTerminated:
		return Killed
	case ExitPartial:
		return Partial
	case ExitVanished:
		return Vanished
	}
	if c > 128 && c < 128+65 {
		return Killed
	}
	return Unknown
}
