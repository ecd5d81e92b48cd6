package kerntest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/sersync/sersync/kern/internal/sys"
)

// disk does what a script or Chaos says, below two directories: the tree, and one outside of it
// on the same filesystem, whose paths begin with "@/".
type disk struct {
	tree, outside string
	open          map[string]*os.File // by the name a script gave
}

func newDisk(tree, outside string) *disk {
	return &disk{tree: tree, outside: outside, open: map[string]*os.File{}}
}

func (d *disk) close() error {
	var errs []error
	for _, f := range d.open {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

func (d *disk) path(p string) string {
	if rest, ok := strings.CutPrefix(p, "@"); ok {
		return filepath.Join(d.outside, rest)
	}
	return filepath.Join(d.tree, p)
}

// do runs one command.
func (d *disk) do(command string, args ...string) error {
	a := func(i int) string {
		if i < len(args) {
			return d.path(args[i])
		}
		return ""
	}
	text := func(i int) string { return strings.Join(args[min(i, len(args)):], " ") }
	switch command {
	case "mkdir":
		return os.Mkdir(a(0), 0o755)
	case "mkdir-p":
		return os.MkdirAll(a(0), 0o755)
	case "write":
		return os.WriteFile(a(0), []byte(text(1)), 0o644)
	case "append":
		return appendTo(a(0), text(1))
	case "mv":
		return syscall.Rename(a(0), a(1)) // os.Rename refuses to replace an empty directory
	case "exchange":
		return sys.Exchange(a(0), a(1))
	case "rm":
		return os.Remove(a(0))
	case "rm-r":
		return os.RemoveAll(a(0))
	case "ln":
		return os.Link(a(0), a(1))
	case "symlink":
		return os.Symlink(text(1), a(0))
	case "chmod":
		mode, err := strconv.ParseUint(text(1), 8, 12)
		return errors.Join(err, os.Chmod(a(0), fs.FileMode(mode)))
	default:
		return d.descriptor(command, args, a(1), text(1))
	}
}

// descriptor runs the commands on files that stay open.
func (d *disk) descriptor(command string, args []string, path, text string) (err error) {
	if len(args) == 0 {
		return fmt.Errorf("unknown command %q", command)
	}
	name := args[0]
	switch command {
	case "open": // open NAME PATH
		d.open[name], err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	case "tmpfile": // tmpfile NAME DIR
		fd, err := sys.OpenTmpfile(path)
		if err != nil {
			return err
		}
		d.open[name] = os.NewFile(uintptr(fd), name)
	case "linkat": // linkat NAME PATH
		return sys.LinkFD(int(d.open[name].Fd()), path)
	case "fdwrite": // fdwrite NAME TEXT
		_, err = d.open[name].WriteString(text)
	case "close":
		err = d.open[name].Close()
		delete(d.open, name)
	default:
		return fmt.Errorf("unknown command %q", command)
	}
	return err
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
