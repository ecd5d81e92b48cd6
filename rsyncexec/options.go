package rsyncexec

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"
)

// Options are what all runs to one target have in common. The zero value with Dest works.
type Options struct {
	// Program is the rsync to run, "" the one in PATH.
	Program string
	// Dest is the target in rsync's notation; a trailing slash is added where it lacks.
	Dest string
	// Args are the user's own options, one argv element each. They come right after -a, so that
	// they can take parts of it back (--no-owner) and ours have the last word.
	Args []string
	// RSH is the remote shell with its arguments (-e), Port a daemon's port.
	RSH  string
	Port int
	// PasswordFile is given to rsync by name; this package never reads it.
	PasswordFile string
	// Env are further variables ("NAME=value") beside the few that every run gets.
	Env []string
	// Timeout is rsync's --timeout for input and output, ConTimeout that for connecting to a
	// daemon. 0 is a minute and ten seconds; less than 0 is none, and a run to a dead peer then
	// lasts until it is stopped. rsync counts whole seconds.
	Timeout, ConTimeout time.Duration
	// HardLinks is -H, OneFileSystem -x; neither may be in Args too: rsync gives a second -x
	// another meaning.
	HardLinks, OneFileSystem bool
	// Filters are rsync filter rules. They also protect what they exclude on the target.
	Filters []string
	// Nice starts bulk runs at nice 19 and in the idle class of the disk scheduler.
	Nice bool
	// Landlock lets a run read only below its root (and what it needs to work) and write only
	// below a local destination. A kernel without Landlock: off, and Log says so once.
	Landlock bool
	// Allow are further paths that a confined run may read and write. What ssh's configuration names
	// is found out.
	Allow []string
	// Grace is how long a run has between SIGTERM and SIGKILL, 0 is 3 seconds.
	Grace time.Duration
	// Lock is inherited by every run, which so holds it as long as it lives. May be nil.
	Lock *os.File
	// Source is the root's path, for people only (CommandLine).
	Source string
	// Log is told once of what this target's rsync lacks. May be nil.
	Log *slog.Logger
}

// ErrNoDest is the fault of Options without a destination.
var ErrNoDest = errors.New("no destination")

// Validate finds faults that every run would have.
func (o Options) Validate() error {
	if o.Dest == "" {
		return ErrNoDest
	}
	if strings.HasPrefix(o.Dest, "-") {
		return errors.New("destination " + o.Dest + " looks like an option: write ./" + o.Dest)
	}
	for _, s := range append([]string{o.Dest, o.RSH, o.PasswordFile}, o.Args...) {
		if strings.IndexByte(s, 0) >= 0 {
			return errors.New("an option contains a NUL byte")
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Program == "" {
		o.Program = "rsync"
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.ConTimeout == 0 {
		o.ConTimeout = 10 * time.Second
	}
	if o.Grace == 0 {
		o.Grace = 3 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Dest != "" && !strings.HasSuffix(o.Dest, "/") {
		o.Dest += "/"
	}
	return o
}

// environ is all that a run knows of our environment. rsync and ssh must not change their
// behaviour, language or messages with whatever the daemon was started from.
func (o Options) environ() []string {
	path := os.Getenv("PATH")
	if path == "" {
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	env := []string{"PATH=" + path, "LANG=C", "LC_ALL=C"}
	// USER and LOGNAME name the user to a daemon that asks; RSYNC_PASSWORD is rsync's own way to
	// be given a password without a file, and is never in argv.
	for _, name := range []string{"HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "RSYNC_PASSWORD"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, o.Env...)
}
