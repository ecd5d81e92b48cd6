// Package sersync_test keeps the architecture of docs/architecture.md: which package may import
// which, and the rules of manner that a machine can check.
package sersync_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/sersync/sersync"

// ban forbids packages of ours an import. Patterns are those of path.Match for one package, or end
// in "/..." for a package and all below it; ours are relative to the module.
type ban struct {
	from    []string
	except  []string
	to      []string // relative to the module, or a full import path
	closure bool     // also through other packages of ours
	why     string
}

var bans = []ban{
	{
		from: []string{"kern/..."}, to: []string{"engine/...", "rsyncexec/..."},
		why: "kern knows kernels and nothing of synchronising or rsync",
	},
	{
		from: []string{"rsyncexec/..."}, to: []string{"kern/...", "engine/..."},
		why: "rsyncexec knows rsync and nothing of kernels or policy",
	},
	{
		from: []string{"kern/scan"}, to: []string{"kern/inotify", "kern/fanotify", "kern/bpf"},
		why: "backends use the walk, never the other way round",
	},
	{
		from: []string{"engine/task"}, to: []string{"..."}, closure: true,
		why: "the shared words import nothing of ours",
	},
	{
		from:    []string{"engine/dirty", "engine/guard"},
		to:      []string{"kern/scan", "kern/inotify", "kern/fanotify", "kern/bpf", "rsyncexec/...", "os/exec"},
		closure: true,
		why:     "pure: no descriptor, no process, tested under a fake clock",
	},
	{
		from: []string{"engine/filter"}, to: []string{"kern/...", "rsyncexec/..."},
		why: "rules are about names alone",
	},
	{
		from: []string{"engine/deliver"}, to: []string{"kern/..."},
		why: "delivery declares the Resolver and Runner it calls; the engine gives them",
	},
	{
		from: []string{"engine/resolve", "engine/track"}, to: []string{"rsyncexec/..."},
		why: "what is on disk is one thing, how it is sent another",
	},
	{
		from: []string{"cmd/sersync/..."}, to: []string{"kern/...", "rsyncexec/..."},
		why: "the command line speaks to the engine only",
	},
	{
		from: []string{"bench/..."}, to: []string{"cmd/..."},
		why: "bench is a library; cmd binds its flags",
	},
	{
		from: []string{"..."}, except: []string{"engine/journal"}, to: []string{"go.etcd.io/bbolt"},
		why: "one package owns the store and its format",
	},
	{
		from: []string{"..."}, except: []string{"engine/config"},
		to:  []string{"go.yaml.in/yaml/v4", "encoding/xml"},
		why: "one package owns the file formats",
	},
	{
		from: []string{"..."}, except: []string{"engine/metrics", "cmd/..."},
		to:  []string{"github.com/prometheus/client_golang/prometheus"},
		why: "every series is in one struct",
	},
	{
		from: []string{"..."}, except: []string{"cmd/..."},
		to: []string{
			"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/schollz/progressbar/v3", "os/signal",
			"github.com/coreos/go-systemd/v22/daemon", "github.com/coreos/go-systemd/v22/journal",
		},
		why: "flags, terminals, signals and the service manager belong to cmd",
	},
	{
		from: []string{"..."}, except: []string{"kern/internal/sys", "rsyncexec"},
		to:  []string{"unsafe", "golang.org/x/sys/unix"},
		why: "raw system calls live behind one fence (rsyncexec: one file, see TestRsyncexecFence)",
	},
	{
		from: []string{"..."}, except: append([]string{"bench/..."}, testPackages...),
		to:  append([]string{"testing"}, testPackages...),
		why: "what tests are made of stays in tests",
	},
	{
		from: []string{"..."}, to: []string{"reflect", "log"},
		why: "no reflection; logging is slog, passed in",
	},
}

// levels are the packages from the top down. A package imports from lower levels only, and from
// its own folder's internal packages.
var levels = [][]string{
	{"cmd/..."},
	{"bench/..."},
	{"engine"},
	{"engine/config"},
	{"engine/track", "engine/deliver", "engine/resolve", "engine/journal", "engine/metrics", "engine/plugin"},
	{"engine/dirty", "engine/guard", "engine/filter"},
	{"engine/task"},
	{"kern/kerntest", "rsyncexec/rsynctest"},
	{"kern/inotify", "kern/fanotify", "kern/bpf", "rsyncexec"},
	{"kern/scan"},
	{"kern"},
	{"kern/internal/epoll"},
	{"kern/internal/sys"},
}

// testPackages hold what tests are made of.
var testPackages = []string{"kern/kerntest", "rsyncexec/rsynctest"}

// goPackage is the part of `go list -json` that is used here.
type goPackage struct {
	ImportPath   string
	Dir          string
	Doc          string
	Imports      []string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
}

func (p *goPackage) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// list asks go once for all packages of the module.
var list = sync.OnceValues(func() ([]*goPackage, error) {
	cmd := exec.Command("go", "list", "-e",
		"-json=ImportPath,Dir,Doc,Imports,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var packages []*goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		p := new(goPackage)
		if err := decoder.Decode(p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
})

func packages(t *testing.T) []*goPackage {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatalf("go list ./...: %v", err)
	}
	return all
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if pattern == "..." {
			return true
		}
		if prefix, below := strings.CutSuffix(pattern, "/..."); below {
			return name == prefix || strings.HasPrefix(name, prefix+"/")
		}
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	})
}

// local turns an import path of ours into its name here.
func local(importPath string) (name string, ours bool) {
	name, ours = strings.CutPrefix(importPath, module+"/")
	return name, ours
}

// banned tells whether the ban covers this import.
func (b *ban) banned(importPath string) bool {
	name, ours := local(importPath)
	if ours {
		return matches(b.to, name)
	}
	return slices.Contains(b.to, importPath)
}

func TestImportBans(t *testing.T) {
	byPath := map[string]*goPackage{}
	for _, p := range packages(t) {
		byPath[p.ImportPath] = p
	}
	for _, b := range bans {
		for _, p := range packages(t) {
			if !matches(b.from, p.name()) || matches(b.except, p.name()) {
				continue
			}
			seen := map[string]bool{}
			var look func(p *goPackage, via string)
			look = func(q *goPackage, via string) {
				for _, imported := range q.Imports {
					if b.banned(imported) {
						t.Errorf("%s imports %s%s: %s", p.name(), imported, via, b.why)
					}
					if next := byPath[imported]; b.closure && next != nil && !seen[imported] {
						seen[imported] = true
						look(next, " through "+next.name()+via)
					}
				}
			}
			look(p, "")
		}
	}
}

func TestImportsRunDown(t *testing.T) {
	levelOf := func(name string) int {
		return slices.IndexFunc(levels, func(level []string) bool { return matches(level, name) })
	}
	for _, p := range packages(t) {
		from := levelOf(p.name())
		if from < 0 {
			if len(p.GoFiles) > 0 {
				t.Errorf("%s has no level in docs/architecture.md", p.name())
			}
			continue
		}
		for _, imported := range p.Imports {
			name, ours := local(imported)
			if !ours || strings.HasPrefix(name, p.name()+"/internal/") ||
				strings.HasPrefix(p.name(), "cmd/") && strings.HasPrefix(name, "cmd/sersync/internal/") {
				continue
			}
			switch to := levelOf(name); {
			case to == from:
				t.Errorf("%s imports %s, which is on its own level: what both need belongs below", p.name(), name)
			case to < from:
				t.Errorf("%s imports %s, which is above it", p.name(), name)
			}
		}
	}
}

func TestPackagesHaveDocs(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment: say in doc.go what it is for", p.name())
		}
	}
}

// file is one parsed Go file of the module.
type file struct {
	pkg   *goPackage
	name  string // for messages
	fset  *token.FileSet
	tree  *ast.File
	test  bool
	lines int
}

func files(t *testing.T) []file {
	t.Helper()
	var all []file
	for _, p := range packages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			fset := token.NewFileSet()
			tree, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Errorf("parse %s: %v", name, err)
				continue
			}
			all = append(all, file{
				pkg: p, name: path.Join(p.name(), name), fset: fset, tree: tree,
				test:  strings.HasSuffix(name, "_test.go") || matches(testPackages, p.name()),
				lines: fset.File(tree.Pos()).LineCount(),
			})
		}
	}
	return all
}

// calls tells whether the call is pkg.name, pkg being imported under its own name.
func calls(call *ast.CallExpr, pkg, name string) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := selector.X.(*ast.Ident)
	return ok && x.Name == pkg && selector.Sel.Name == name
}

// A sleeping test is slow when it passes and flaky when it does not. In a bubble of testing/synctest
// time is fake, and sleeping is how it is moved.
func TestNoSleepInTests(t *testing.T) {
	for _, f := range files(t) {
		if !f.test {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if calls(call, "synctest", "Test") {
				return false
			}
			if calls(call, "time", "Sleep") {
				t.Errorf("%s:%d: time.Sleep in a test: wait for what the test is waiting for",
					f.name, f.fset.Position(call.Pos()).Line)
			}
			return true
		})
	}
}

// A name of a file in the hands of a shell was sersync2's way to run what somebody else wrote.
func TestNoShell(t *testing.T) {
	shells := []string{"sh", "bash", "dash", "ash", "/bin/sh", "/bin/bash", "/usr/bin/env"}
	for _, f := range files(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !calls(call, "exec", "Command") && !calls(call, "exec", "CommandContext") {
				return true
			}
			for _, argument := range call.Args {
				literal, ok := argument.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					continue
				}
				if text, err := strconv.Unquote(literal.Value); err == nil && slices.Contains(shells, text) {
					t.Errorf("%s:%d: starts a shell: give the program its argument list",
						f.name, f.fset.Position(call.Pos()).Line)
				}
			}
			return true
		})
	}
}

func TestFilesStayReadable(t *testing.T) {
	const longest = 500
	for _, f := range files(t) {
		if !ast.IsGenerated(f.tree) && f.lines > longest {
			t.Errorf("%s has %d lines: split what is more than one type or one thought", f.name, f.lines)
		}
	}
}

// init and imports for their side effects make the order of packages matter.
func TestNoInit(t *testing.T) {
	for _, f := range files(t) {
		for _, declaration := range f.tree.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil && function.Name.Name == "init" {
				t.Errorf("%s: has func init: build it where it is used", f.name)
			}
		}
	}
}

// rsyncexec needs memfd, prctl and Landlock, which package syscall lacks: in one file.
func TestRsyncexecFence(t *testing.T) {
	var with []string
	for _, f := range files(t) {
		if f.test || f.pkg.name() != "rsyncexec" {
			continue
		}
		for _, imported := range f.tree.Imports {
			if imported.Path.Value == `"golang.org/x/sys/unix"` || imported.Path.Value == `"unsafe"` {
				with = append(with, f.name)
			}
		}
	}
	if slices.Sort(with); len(slices.Compact(with)) > 1 {
		t.Errorf("more than one file of rsyncexec has raw system calls: %v", with)
	}
}
