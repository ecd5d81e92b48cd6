package rsyncexec

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommandLines(t *testing.T) {
	d := Options{
		Dest: "rsync://u@h/m", Args: []string{"-artuz", "--bwlimit=5m"}, PasswordFile: "/etc/p w",
		Port: 8730, Source: "/data", OneFileSystem: true, HardLinks: true,
	}
	a := Quirks{Local: Version{3, 5, 0}, Branch: BranchA, window: "-@-1"}
	items := []Item{{Path: "a"}, {Path: "it's\n%\\", Missing: true}}
	budget := Invocation{Items: items, Compare: Content, Delete: DeleteBudget, MaxDelete: 5}
	with := func(b Branch) Quirks { q := a; q.Branch = b; return q }
	const head = "rsync -a -artuz --bwlimit=5m -@-1 --numeric-ids '--out-format=%i %l %n' --timeout=60 " +
		"--no-motd --port=8730 '--password-file=/etc/p w' --sockopts=TCP_NODELAY --contimeout=10 -x -H "
	const tail = "--from0 --files-from=- /data/ rsync://u@h/m/"
	coarse := strings.Replace(head, "-@-1 ", "", 1)
	const del = "--force --existing --ignore-existing --delete --ignore-missing-args --max-delete=5 " +
		`$'--filter=R /it\'s\012%\\' $'--filter=R /it\'s\012%\\\\/**' '--filter=P *' `
	for _, tt := range []struct {
		name string
		q    Quirks
		inv  Invocation
		want string
	}{
		{"content", a, budget, `printf '/a\0/it\047s\012%%\\\0' | ` + head +
			"-I --no-r --delete-missing-args --force --max-delete=5 " + tail},
		{"never", a, Invocation{Items: items, MaxDelete: -1}, `printf '/a\0' | ` + head +
			"--no-r --ignore-missing-args " + tail},
		{"tree, no budget", a, Invocation{Items: []Item{{}}, Recursive: true, Delete: DeleteBudget}, head +
			"-r --ignore-missing-args --force --delete --max-delete=0 -R /data/./ rsync://u@h/m/"},
		{
			"listing", a,
			Invocation{Items: []Item{{Path: "d", Level: true}}, Delete: DeleteBudget, MaxDelete: -1},
			head + "--no-r --ignore-missing-args --force --delete -R -d /data/./d/ rsync://u@h/m/",
		},
		{
			"large", a,
			Invocation{Items: items[:1], Compare: Checksum, Partial: true, DryRun: true},
			`printf '/a\0' | ` + head + "-n -c --no-r --ignore-missing-args --partial-dir=.rsync-partial " + tail,
		},
		{"AB", with(BranchAB), budget, `printf '/a\0' | ` + head + "-I --no-r --ignore-missing-args --force --max-delete=5 " + tail +
			"\n" + `printf '/./\0' | ` + head + "--no-r " + del + tail},
		{"A-I quick", with(BranchAI), Invocation{Items: items[:1]}, `printf '/a\0' | ` + coarse + "-c --no-r --ignore-missing-args " + tail},
		{"N+X", with(BranchNX), budget, `printf '/a\0' | ` + coarse + "-I --no-r --ignore-missing-args --force --max-delete=5 " + tail +
			"\n" + `printf '/./\0' | ` + coarse + "--no-r " + del + tail},
		{"root", a, Invocation{Items: []Item{{}, {Path: "a"}}}, `printf '/a\0' | ` + head + "--no-r --ignore-missing-args " + tail +
			"\n" + `printf '/.\0' | ` + head + "--no-r '--filter=- /*' " + tail},
	} {
		r := NewRunner(d)
		r.remember(tt.q)
		if n := strings.Count(r.CommandLine(tt.inv), "\n"); n != strings.Count(tt.want, "\n") {
			t.Errorf("%s: %d lines", tt.name, n+1)
		}
		if diff := cmp.Diff(tt.want, r.CommandLine(tt.inv)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// What CommandLine prints does what the run does.
func TestCommandLineCanBePasted(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	var items []Item
	for _, name := range oddNames {
		tree(t, src, "d/")
		if strings.ContainsAny(name, "=>") {
			continue
		}
		tree(t, src, "d/"+name)
		items = append(items, Item{Path: "d/" + name})
	}
	line := NewRunner(Options{Dest: dst, Source: src}).CommandLine(Invocation{Items: items})
	if out, err := exec.Command("bash", "-c", line).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, line, out)
	}
	for _, it := range items {
		if !exists(filepath.Join(dst, it.Path)) {
			t.Errorf("the target lacks %q", it.Path)
		}
	}
}

func TestLongListsAreCutForPeople(t *testing.T) {
	line := NewRunner(Options{Dest: "/x"}).CommandLine(Invocation{Items: manyItems(1000)})
	if !strings.HasSuffix(line, "# and 900 more names") || len(line) > 20_000 {
		t.Errorf("%d bytes: …%s", len(line), line[len(line)-60:])
	}
}

func TestTransports(t *testing.T) {
	for dest, want := range map[string]transport{
		"/dir": local, "./a:b": local, "dir/x:y": local, "rsync://h/m": daemon, "RSYNC://h:1/m": daemon,
		"h::m": daemon, "u@h::m/p": daemon, "h:/p": remoteShell, "u@h:p": remoteShell,
		"[::1]:/p": remoteShell, "u@[fe80::1]::m": daemon, "/d[x]:y": local,
	} {
		if got := (Options{Dest: dest}).transportOf(); got != want {
			t.Errorf("%s: %d, want %d", dest, got, want)
		}
	}
	for _, o := range []Options{
		{Dest: "h::m", RSH: "ssh"},
		{Dest: "h::m", Args: []string{"-e", "ssh -p 1"}},
		{Dest: "h::m", Args: []string{"--rsh=ssh"}},
		{Dest: "h::m", Args: []string{"-essh"}},
	} {
		if got := o.transportOf(); got != daemonOverShell {
			t.Errorf("%+v: %d", o, got)
		}
		if line := strings.Join(o.connection(), " "); strings.Contains(line, "contimeout") {
			t.Errorf("rsync refuses --contimeout there: %s", line)
		}
	}
}

func TestListBuildsWithOneAllocation(t *testing.T) {
	items := manyItems(1000)
	if n := testing.AllocsPerRun(100, func() { appendList(nil, items, false, nil) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
