package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path"
	"strconv"
	"strings"
)

// Kind is the way to a destination.
type Kind uint8

const (
	// Local is a directory of this host.
	Local Kind = iota
	// Shell is a path reached through a remote shell.
	Shell
	// Daemon is a module of an rsync daemon.
	Daemon
)

const daemonPort = 873

// Destination is where a target is, normalised for comparing.
type Destination struct {
	Kind Kind
	Host string // lower case; "" for Local and "localhost" for all names of this host
	Port int    // of a Daemon
	// Module of a Daemon.
	Module string
	// Path is clean: absolute for Local, for Shell absolute or relative to a home ("~/x"), for
	// Daemon below the module ("" is all of it).
	Path string
}

// String is the same for two destinations that are the same place.
func (d Destination) String() string {
	switch d.Kind {
	case Local:
		return d.Path
	case Shell:
		return d.Host + ":" + d.Path
	}
	return fmt.Sprintf("rsync://%s:%d/%s", d.Host, d.Port, path.Join(d.Module, d.Path))
}

var (
	errNoHost = errors.New("has no host")
	// errScheme is about "ftp://…", which rsync takes for a directory of a host "ftp", by ssh.
	errScheme = errors.New("has a scheme that rsync does not know: write host:/dir (by ssh), " +
		"host::module or rsync://host/module (a daemon), or /dir")
	// errNoModule is a daemon's destination with a path where the module's name belongs. Load
	// only warns of it, because people's configs have it; Check refuses.
	errNoModule = errors.New("has no module name: after \"::\" stands the name of a module of " +
		"rsyncd.conf, not a path")
)

// DestinationOf reads rsync's notation as rsync does: rsync://HOST[:PORT]/MODULE/PATH and
// HOST::MODULE/PATH are a daemon, HOST:PATH a remote shell, anything else a local directory. Any
// other URL is an error: rsync would take its scheme for a host.
func DestinationOf(dest string) (Destination, error) {
	switch {
	case dest == "":
		return Destination{}, errors.New("destination is empty")
	case strings.IndexByte(dest, 0) >= 0:
		return Destination{}, errors.New("destination contains a NUL byte")
	case dest[0] == '-':
		return Destination{}, fmt.Errorf("destination %q begins with '-', like an option", dest)
	case len(dest) >= 8 && strings.EqualFold(dest[:8], "rsync://"):
		return ofURL(dest)
	case hasScheme(dest):
		return Destination{}, fmt.Errorf("destination %q %w", dest, errScheme)
	}
	host, rest, remote := splitHost(dest)
	if !remote {
		if dest[0] != '/' {
			return Destination{}, fmt.Errorf("destination %q is not an absolute path", dest)
		}
		return Destination{Kind: Local, Path: path.Clean(dest)}, nil
	}
	if host == "" {
		return Destination{}, fmt.Errorf("destination %q %w", dest, errNoHost)
	}
	if below, ok := strings.CutPrefix(rest, ":"); ok {
		return ofDaemon(dest, host, daemonPort, below)
	}
	return ofShell(host, rest), nil
}

func ofShell(host, p string) Destination {
	if p == "" || p[0] != '/' {
		p = path.Join("~", p)
	}
	d := Destination{Kind: Shell, Host: normalHost(host), Path: path.Clean(p)}
	if d.Host == "localhost" && d.Path[0] == '/' {
		d.Kind, d.Host = Local, "" // the same directory, reached through a shell
	}
	return d
}

func ofDaemon(dest, host string, port int, below string) (Destination, error) {
	module, p, _ := strings.Cut(below, "/")
	if module == "" {
		return Destination{}, fmt.Errorf("destination %q %w", dest, errNoModule)
	}
	return Destination{
		Kind: Daemon, Host: normalHost(host), Port: port, Module: module,
		Path: strings.TrimPrefix(path.Clean("/"+p), "/"),
	}, nil
}

func ofURL(dest string) (Destination, error) {
	authority, below, _ := strings.Cut(dest[8:], "/")
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	port := daemonPort
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		n, err := strconv.ParseUint(host[i+1:], 10, 16)
		if err != nil || n == 0 {
			return Destination{}, fmt.Errorf("destination %q has no valid port", dest)
		}
		host, port = host[:i], int(n)
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" {
		return Destination{}, fmt.Errorf("destination %q %w", dest, errNoHost)
	}
	return ofDaemon(dest, host, port, below)
}

// hasScheme is whether dest begins as a URL does: SCHEME://.
func hasScheme(dest string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	scheme, _, ok := strings.Cut(strings.ToLower(dest), "://")
	return ok && scheme != "" && strings.Trim(scheme[:1], letters) == "" &&
		strings.Trim(scheme, letters+"0123456789+-.") == ""
}

// splitHost finds the colon that ends a host; one after a slash is part of a path. An IPv6
// address stands in brackets.
func splitHost(dest string) (host, rest string, remote bool) {
	start := 0
	slash := strings.IndexByte(dest, '/')
	if open := strings.IndexByte(dest, '['); open >= 0 && (slash < 0 || open < slash) {
		if n := strings.IndexByte(dest[open:], ']'); n >= 0 {
			start = open + n
		}
	}
	colon := strings.IndexByte(dest[start:], ':')
	if colon < 0 || slash >= 0 && slash < start+colon {
		return "", "", false
	}
	host = dest[:start+colon]
	host = host[strings.LastIndexByte(host, '@')+1:]
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return host, dest[start+colon+1:], true
}

// userOf is the user that a remote destination names; "" if none.
func userOf(dest string) string {
	rest := dest
	if len(dest) >= 8 && strings.EqualFold(dest[:8], "rsync://") {
		rest, _, _ = strings.Cut(dest[8:], "/")
	} else if host, below, remote := splitHost(dest); !remote || host == "" {
		return ""
	} else {
		rest = dest[:len(dest)-len(below)]
	}
	user, _, ok := strings.Cut(rest, "@")
	if !ok {
		return ""
	}
	return user
}

// normalHost makes different spellings of one host equal, without asking a name server.
func normalHost(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip = ip.Unmap(); ip.IsLoopback() {
			return "localhost"
		}
		return ip.String()
	}
	if own, err := os.Hostname(); err == nil && host == strings.ToLower(own) {
		return "localhost"
	}
	return host
}

// Overlaps is whether two destinations are the same place or one lies inside the other, so that
// what mirrors to one would delete what mirrors to the other.
func Overlaps(a, b Destination) bool {
	return a.Kind == b.Kind && a.Host == b.Host && a.Port == b.Port && a.Module == b.Module &&
		(inside(a.Path, b.Path) || inside(b.Path, a.Path))
}

// inside is whether p is dir or below it; both are clean.
func inside(p, dir string) bool {
	if dir == "" || dir == "/" || p == dir {
		return true
	}
	return strings.HasPrefix(p, dir+"/")
}

// bracketed puts an IPv6 address into brackets.
func bracketed(host string) string {
	if ip := net.ParseIP(host); ip != nil && strings.IndexByte(host, ':') >= 0 {
		return "[" + host + "]"
	}
	return host
}
