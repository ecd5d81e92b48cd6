package rsyncexec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
)

// cage confines runs with Landlock: a directory above a listed name can be swapped for a symlink
// between our look and rsync's open, and rsync, as root, would send what it leads to. A confined
// run reads below its root, and the few things that it and ssh need to work; it writes only
// below a local destination. Connections, signals and the remote end are not confined.
type cage struct {
	access uint64 // what this kernel can govern
	rules  []cageRule
	dest   string // a local destination; "" is another

	mu    sync.Mutex
	shell []cageRule // what the remote shell's own configuration names
}

type cageRule struct {
	path   string
	access uint64
}

// systemPaths are programs and libraries, and the files of /etc that the C library, OpenSSL,
// popt and ssh read. Not /etc as a whole, which has secrets, nor /dev, nor /proc.
var systemPaths = [...]string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store",
	"/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/nsswitch.conf",
	"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf",
	"/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/localtime", "/etc/locale.alias",
	"/etc/popt", "/etc/popt.d", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf",
	"/etc/crypto-policies", "/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d",
	"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2", "/dev/urandom", "/dev/random",
}

// newCage is nil, and says so once, where the kernel has no Landlock.
func newCage(o *Options) *cage {
	abi := landlockABI()
	if abi < 1 {
		o.Log.Warn("runs are not confined", "why", "this kernel has no Landlock (Linux 5.13, lsm=landlock)")
		return nil
	}
	c := &cage{access: landlockAccess(abi)}
	for _, path := range systemPaths {
		c.allow(path, landlockExec)
	}
	for _, path := range []string{"/dev/null", "/dev/zero", "/dev/tty"} {
		c.allow(path, landlockWrite)
	}
	if program, err := exec.LookPath(o.Program); err == nil {
		c.allow(program, landlockExec)
	}
	for _, path := range o.Allow {
		c.allow(path, landlockWrite|landlockExec)
	}
	c.allowTransport(o)
	return c
}

// allowTransport allows what the way to the target needs. A path in the options (a key, a
// password or exclude file, a --temp-dir) is allowed as far as it exists.
func (c *cage) allowTransport(o *Options) {
	access := uint64(landlockRead)
	switch o.transportOf() {
	case local:
		access = landlockWrite
		c.dest = o.Dest
	case remoteShell, daemonOverShell:
		access = landlockWrite | landlockExec
		for _, home := range homes() {
			c.allow(filepath.Join(home, ".ssh"), landlockWrite)
		}
	}
	words := strings.Fields(o.RSH)
	for _, a := range o.Args {
		words = append(words, strings.Fields(a)...)
	}
	for _, w := range append(words, o.PasswordFile) {
		if _, value, ok := strings.Cut(w, "="); ok {
			w = value
		}
		if filepath.IsAbs(w) && filepath.Clean(w) != "/" {
			c.allow(w, access)
		}
	}
}

// learn replaces what the remote shell's configuration names.
func (c *cage) learn(rules []cageRule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shell = rules
}

func (c *cage) allow(path string, access uint64) {
	c.rules = append(c.rules, cageRule{path, access})
}

// homes are where ssh may look for its files: it asks the user database, not HOME.
func homes() []string {
	var out []string
	if home := os.Getenv("HOME"); home != "" {
		out = append(out, home)
	}
	if u, err := user.Current(); err == nil && u.HomeDir != "" {
		out = append(out, u.HomeDir)
	}
	return out
}

// enter confines the calling thread and what it forks from now on. The rules are made anew each
// time: files like resolv.conf are replaced, and the root can be another.
func (c *cage) enter(rootFD int) error {
	ruleset, err := landlockRuleset(c.access)
	if err != nil {
		return fmt.Errorf("confine the run: %w", err)
	}
	defer ruleset.Close()
	if err := landlockAllow(ruleset, rootFD, landlockRead&c.access); err != nil {
		return fmt.Errorf("confine the run: %w", err)
	}
	for _, rule := range c.rules {
		if err := c.apply(ruleset, rule); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("confine the run: %s: %w", rule.path, err)
		}
	}
	c.mu.Lock()
	shell := c.shell
	c.mu.Unlock()
	for _, rule := range shell {
		_ = c.apply(ruleset, rule) // ssh says better what it lacks
	}
	if err := c.allowDest(ruleset); err != nil {
		return fmt.Errorf("confine the run: %w", err)
	}
	if err := landlockRestrict(ruleset); err != nil {
		return fmt.Errorf("confine the run: %w", err)
	}
	return nil
}

// allowDest lets a local destination be written to; one that is not there yet is made by rsync,
// which needs its parent for that.
func (c *cage) allowDest(ruleset *os.File) error {
	if c.dest == "" {
		return nil
	}
	err := c.apply(ruleset, cageRule{c.dest, landlockWrite})
	if errors.Is(err, fs.ErrNotExist) {
		err = c.apply(ruleset, cageRule{filepath.Dir(filepath.Clean(c.dest)), landlockWrite})
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // rsync says it better
	}
	return err
}

func (c *cage) apply(ruleset *os.File, rule cageRule) error {
	f, dir, err := openPath(rule.path)
	if err != nil {
		return err
	}
	defer f.Close()
	access := rule.access & c.access
	if !dir {
		access &= landlockFile
	}
	return landlockAllow(ruleset, int(f.Fd()), access)
}
