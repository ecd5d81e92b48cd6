package rsyncexec

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// shellAnswer is how long ssh has to say what its configuration is. It reads files, and asks the
// name service if it is told to make names canonical.
const shellAnswer = 5 * time.Second

// shellRules are what the user's ssh configuration has a run to this target read and write: ssh
// itself says so (-G, OpenSSH 6.8), and with -v which files it has that from. There are none if it
// does not answer, or is no OpenSSH.
func (r *Runner) shellRules(ctx context.Context) []cageRule {
	argv := r.o.shellQuestion()
	if argv == nil {
		return nil
	}
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return nil
	}
	argv[0] = program
	stdin, err := os.Open(os.DevNull)
	if err != nil {
		return nil
	}
	config := sshConfig{}
	p, err := start(command{
		argv: argv, env: r.o.environ(), stdin: stdin,
		stdout: &lines{each: config.line}, stderr: &lines{each: config.source}, grace: r.o.Grace,
	})
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shellAnswer)
	defer cancel()
	defer context.AfterFunc(ctx, p.stop)()
	<-p.ended
	if p.exitCode() != ExitOK {
		return nil
	}
	return config.rules()
}

// shellQuestion is the remote shell's command, as rsync makes it, with the question instead of the
// server's command; nil if there is no ssh in it, which might not know the question.
func (o *Options) shellQuestion() []string {
	switch o.transportOf() {
	case remoteShell, daemonOverShell:
	default:
		return nil
	}
	user, host := remoteOf(o.Dest)
	words := splitShell(o.remoteShell())
	if host == "" || host[0] == '-' {
		return nil
	}
	for i, w := range words {
		if filepath.Base(w) != "ssh" {
			continue
		}
		argv := append(append([]string{}, words[:i+1]...), "-G", "-v")
		argv = append(argv, words[i+1:]...)
		if user != "" {
			argv = append(argv, "-l", user)
		}
		return append(argv, host)
	}
	return nil
}

// remoteShell is the value of the -e that rsync is given, whoever gives it. The last has the word,
// and ours comes after the user's.
func (o *Options) remoteShell() string {
	shell := "ssh"
	for _, env := range o.Env {
		if value, ok := strings.CutPrefix(env, "RSYNC_RSH="); ok {
			shell = value
		}
	}
	for i, a := range o.Args {
		switch value, long := strings.CutPrefix(a, "--rsh="); {
		case long:
			shell = value
		case (a == "-e" || a == "--rsh") && i+1 < len(o.Args):
			shell = o.Args[i+1]
		case strings.HasPrefix(a, "-e"):
			shell = strings.TrimPrefix(a[len("-e"):], "=")
		}
	}
	if o.RSH != "" {
		shell = o.RSH
	}
	return shell
}

// splitShell splits the value of -e as rsync does (main.c, do_cmd): at blanks, but not between
// quotes, where a doubled quote stands for one.
func splitShell(s string) []string {
	var words []string
	var word []byte
	var quote byte
	open := false // a word has begun
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == ' ' && quote == 0:
			if open {
				words = append(words, string(word))
			}
			word, open = word[:0], false
			continue
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote && i+1 < len(s) && s[i+1] == quote:
			word = append(word, c)
			i++
		case c == quote:
			quote = 0
		default:
			word = append(word, c)
		}
		open = true
	}
	if open {
		words = append(words, string(word))
	}
	return words
}

// remoteOf takes user and host out of the destination of a remote shell or a daemon behind one.
func remoteOf(dest string) (user, host string) {
	const scheme = "rsync://"
	at := dest
	if len(dest) >= len(scheme) && strings.EqualFold(dest[:len(scheme)], scheme) {
		at, _, _ = strings.Cut(dest[len(scheme):], "/")
	}
	host = at
	if u, rest, ok := strings.Cut(at, "@"); ok && !strings.ContainsAny(u, ":/") {
		user, host = u, rest
	}
	if rest, ok := strings.CutPrefix(host, "["); ok { // an IPv6 address
		host, _, _ = strings.Cut(rest, "]")
		return user, host
	}
	host, _, _ = strings.Cut(host, ":")
	return user, host
}
