package rsyncexec

import (
	"strings"
	"testing"
)

func TestClassByCodeAndText(t *testing.T) {
	for _, tt := range []struct {
		code  ExitCode
		text  string
		class Class
		says  string // in the error's one line
	}{
		{5, "@ERROR: max connections (1) reached -- try again later", MaxConnections, "max connections"},
		{5, "@ERROR: auth failed on module m", Auth, "password"},
		{5, "@ERROR: Unknown module 'x'", Config, "module's name"},
		{5, "@ERROR: chdir failed", Config, "missing on the target"},
		{5, "@ERROR: access denied to m from localhost (127.0.0.1)", Refused, "hosts allow"},
		{1, "@ERROR: module is read only", Refused, "read only"},
		{4, "The server is configured to refuse --delete", Refused, "refuse options"},
		{10, "rsync: [sender] failed to connect to h (1.2.3.4): Connection refused (111)", Unreachable, "is up"},
		{10, "rsync: read error: Connection reset by peer (104)", Unreachable, "daemon's log"},
		{10, "rsync: getaddrinfo: h 873: Name or service not known", Unreachable, "host's name"},
		{11, "rsync: [receiver] write failed on \"/m/f\": No space left on device (28)", DiskFull, "room"},
		{23, "rsync: [receiver] mkstemp \"/m/.f.abcdef\" failed: No space left on device (28)", DiskFull, "room"},
		{11, "rsync: [Receiver] mkdir \"/m/x/y\" failed: No such file or directory (2)", Config, "mkdir"},
		{12, "rsync: on remote machine: -@-1: unknown option", OldRsync, "update rsync"},
		{2, "invalid file mode 00 for x [receiver]", OldRsync, "update rsync"},
		{2, "ABORTING due to invalid path from sender: a/b", Vanished, ""},
		{2, "protocol version mismatch -- is your shell clean?", Config, ".bashrc"},
		{255, "Host key verification failed.", Auth, "by hand"},
		{12, "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", Auth, "ssh-keygen"},
		{255, "root@h: Permission denied (publickey).", Auth, "key"},
		{127, "sh: rsync: not found", Config, "not found"},
		{23, "rsync: [sender] link_stat \"/proc/self/fd/3/a\" failed: Permission denied (13)", Partial, "link_stat"},
		{23, "rsync: [receiver] failed to set permissions on \"/f\": Operation not supported (95)", Partial, "chroot"},
		{24, "file has vanished: \"/proc/self/fd/3/a\"", Vanished, "vanished"},
		{30, "[sender] io timeout after 4 seconds -- exiting", Timeout, "timeout"},
		{35, "", Unreachable, "is up"},
		{20, "", Killed, "signal"},
		{137, "", Killed, "signal 9"},
		{14, "", Unknown, "IPC"},
	} {
		var d diagnostics
		d.line([]byte("Warning: Permanently added 'h' to the list of known hosts."))
		for line := range strings.SplitSeq(tt.text, "\n") {
			d.line([]byte(line))
		}
		d.line([]byte("rsync error: some words (code 99) at main.c(1) [sender=3.5.0]"))
		e := newError("h::m/", tt.code, &d)
		if e.Class != tt.class {
			t.Errorf("%d %q: class %v, want %v", tt.code, tt.text, e.Class, tt.class)
		}
		line := e.Error()
		if !strings.Contains(line, tt.says) || strings.Contains(line, "\n") || !strings.Contains(line, "h::m/") {
			t.Errorf("%d: %s", tt.code, line)
		}
	}
}

func TestPathErrors(t *testing.T) {
	for line, want := range map[string]string{
		`rsync: [sender] link_stat "/proc/self/fd/3/a b" failed: No such file or directory (2)`: "a b",
		`rsync: [receiver] mkstemp "/d/.f.Ab3xYz" (in m) failed: Read-only file system (30)`:    "d/f",
		`rsync: [receiver] rename "/d/.f.Ab3xYz" -> "d/f": Operation not permitted (1)`:         "d/f",
		`rsync: [generator] delete_file: unlink(a/b) failed: Operation not permitted (1)`:       "a/b",
		`rsync: [generator] delete_file: rmdir(a/c) failed: Directory not empty (39)`:           "a/c",
		`file has vanished: "/proc/self/fd/3/p"`:                                                "p",
		`could not make way for new regular file: sw/d2f`:                                       "sw/d2f",
		`skipping non-regular file "fifo"`:                                                      "fifo",
		`rsync: [sender] send_files failed to open "/proc/self/fd/3/x": Permission denied (13)`: "x",
		`ERROR: daemon refused to receive file "secret"`:                                        "secret",
		`@ERROR: Unknown module "x"`:                                                            "",
		`ssh: connect to host h port 22: Connection refused`:                                    "",
	} {
		p, ok := parsePathError(line)
		if p.Path != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", line, p.Path, want)
		}
	}
}

func TestDiagnosticsAreBoundedAndKeepWhatCounts(t *testing.T) {
	var d diagnostics
	d.line([]byte("ssh: the first words \x1b[31m"))
	for range 10_000 {
		d.line([]byte(`rsync: [sender] link_stat "/proc/self/fd/3/x" failed: Permission denied (13)`))
	}
	d.line([]byte("Deletions stopped due to --max-delete limit (42 skipped)"))
	d.line([]byte("IO error encountered -- skipping file deletion"))
	d.line([]byte("cannot delete non-empty directory: d"))
	if len(d.tail) > maxTail || len(d.paths) > maxPathErrors || strings.ContainsRune(d.first, '\x1b') {
		t.Errorf("%d bytes, %d paths, first %q", len(d.tail), len(d.paths), d.first)
	}
	if !d.stopped || d.left != 42 || !d.ioError || d.kept != 1 || !strings.HasPrefix(d.first, "ssh: the first") {
		t.Errorf("%+v", d)
	}
}
