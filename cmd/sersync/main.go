package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sersync/sersync/cmd/sersync/internal/daemon"
	"github.com/sersync/sersync/engine/config"
)

// version is what the linker put in (make build).
var version = "dev"

func main() { os.Exit(run(os.Args)) }

// program is this process: how it was called, and where it speaks.
type program struct {
	name   string   // the last component of argv[0]: sersync or sersync2
	args   []string // argv
	stdout io.Writer
	stderr io.Writer
	// notice is the line to the process in front of us; nil if this one is in front.
	notice *daemon.Notice
}

// run does what argv says and returns the exit code.
func run(argv []string) int {
	p := &program{name: filepath.Base(argv[0]), args: argv, stdout: os.Stdout, stderr: os.Stderr}
	err := p.execute()
	if err == nil {
		return exitOK
	}
	code := exitUsage
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	for _, line := range config.ErrorLines(err) {
		fmt.Fprintf(p.stderr, "%s: %s\n", p.name, line)
	}
	return code
}

func (p *program) execute() error {
	notice, err := daemon.Inherited()
	if err != nil {
		return err
	}
	p.notice = notice
	root := p.rootCommand()
	root.SetArgs(p.args[1:])
	if err := checkArgs(root, p.args[1:]); err != nil {
		return err
	}
	return root.Execute()
}
