package demo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// change is one thing that happens in the source, and how to see in the replica that it arrived.
type change struct {
	verb    string
	name    string // what is printed
	paths   []string
	do      func() error
	arrived func() bool
}

// script makes the changes, one after the other, each kind in its turn.
type script struct {
	tree  *tree
	round int
}

// next is the change to make now. Within a round later ones rest on what earlier ones made.
func (s *script) next() change {
	steps := []func(int) change{
		s.update, s.create, s.appendLog, s.replace, s.rename, s.makeTree, s.link, s.renameDir,
		s.chmod, s.removeDir, s.remove,
	}
	step := s.round
	s.round++
	return steps[step%len(steps)](step / len(steps))
}

func (s *script) at(name string) string { return filepath.Join(s.tree.source, name) }

// update rewrites a file in place; its length stays the same.
func (s *script) update(round int) change {
	name := "web/index.html"
	text := page0(name, round+1)
	return change{
		"update", name,
		[]string{name},
		func() error { return s.tree.write(name, text) },
		func() bool { return s.tree.has(name, text) },
	}
}

func upload(round int) string { return fmt.Sprintf("uploads/photo-%03d.raw", round) }

func (s *script) create(round int) change {
	name := upload(round)
	text := page0(name, round)
	return change{
		"create", name,
		[]string{name},
		func() error { return s.tree.write(name, text) },
		func() bool { return s.tree.has(name, text) },
	}
}

func (s *script) appendLog(round int) change {
	name := "logs/access.log"
	line := fmt.Sprintf("127.0.0.1 GET /%d\n", round)
	before, err := os.ReadFile(s.at(name))
	after := append(before, line...)
	return change{
		"append",
		name,
		[]string{name},
		func() error {
			if err != nil {
				return err
			}
			f, err := os.OpenFile(s.at(name), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString(line)
			return errors.Join(err, f.Close())
		},
		func() bool { return s.tree.has(name, after) },
	}
}

// replace writes a file as editors do: beside it, then renamed over it.
func (s *script) replace(round int) change {
	name := "etc/app.conf"
	text := fmt.Appendf(nil, "listen = 127.0.0.1\nworkers = %d\n", round+2)
	return change{
		"replace", name,
		[]string{name, name + ".new"},
		func() error {
			if err := s.tree.write(name+".new", text); err != nil {
				return err
			}
			return os.Rename(s.at(name+".new"), s.at(name))
		},
		func() bool { return s.tree.has(name, text) },
	}
}

func (s *script) rename(round int) change {
	from, to := upload(round), fmt.Sprintf("uploads/holiday-%03d.raw", round)
	text := page0(from, round)
	return change{
		"rename", from + " => " + to,
		[]string{from, to},
		func() error { return os.Rename(s.at(from), s.at(to)) },
		func() bool { return s.tree.has(to, text) && s.tree.gone(from) },
	}
}

func release(round int) string { return fmt.Sprintf("web/release-%03d", round) }

// makeTree makes directories and files in them faster than watches can be set.
func (s *script) makeTree(round int) change {
	top := release(round)
	deep := top + "/assets/css/site.css"
	text := fmt.Appendf(nil, "body { margin: %dpx }\n", round)
	return change{
		"mkdir -p", deep,
		[]string{top, deep},
		func() error { return s.tree.write(deep, text) },
		func() bool { return s.tree.has(deep, text) },
	}
}

func (s *script) link(round int) change {
	name, to := "web/current", filepath.Base(release(round))
	return change{
		"symlink", name + " -> " + to,
		[]string{name, name + ".new"},
		func() error {
			if err := os.Symlink(to, s.at(name+".new")); err != nil {
				return err
			}
			return os.Rename(s.at(name+".new"), s.at(name))
		},
		func() bool {
			got, err := os.Readlink(filepath.Join(s.tree.replica, name))
			return err == nil && got == to
		},
	}
}

func (s *script) renameDir(round int) change {
	from := release(round)
	to := from + "-final"
	text := fmt.Appendf(nil, "body { margin: %dpx }\n", round)
	return change{
		"rename", from + "/ => " + to + "/",
		[]string{from, to},
		func() error { return os.Rename(s.at(from), s.at(to)) },
		func() bool { return s.tree.has(to+"/assets/css/site.css", text) && s.tree.gone(from) },
	}
}

func (s *script) chmod(round int) change {
	name := "etc/app.conf"
	mode := os.FileMode(0o600 + round%2*0o40)
	return change{
		"chmod", fmt.Sprintf("%s %o", name, mode),
		[]string{name},
		func() error { return os.Chmod(s.at(name), mode) },
		func() bool {
			var st syscall.Stat_t
			err := syscall.Stat(filepath.Join(s.tree.replica, name), &st)
			return err == nil && os.FileMode(st.Mode&0o777) == mode
		},
	}
}

func (s *script) removeDir(round int) change {
	name := release(round) + "-final"
	return change{
		"rm -r", name + "/",
		[]string{name},
		func() error { return os.RemoveAll(s.at(name)) },
		func() bool { return s.tree.gone(name) },
	}
}

func (s *script) remove(round int) change {
	name := fmt.Sprintf("uploads/holiday-%03d.raw", round)
	return change{
		"delete", name,
		[]string{name},
		func() error { return os.Remove(s.at(name)) },
		func() bool { return s.tree.gone(name) },
	}
}
