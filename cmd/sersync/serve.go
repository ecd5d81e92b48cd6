package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/sersync/sersync/cmd/sersync/internal/daemon"
	"github.com/sersync/sersync/engine"
	"github.com/sersync/sersync/engine/config"
)

// detach starts this command line again in the background and waits until it stands. What goes
// wrong there is said there, on the same standard error.
func (p *program) detach(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C, while the one behind is still ending, ends this one.
	context.AfterFunc(ctx, stop)
	err := daemon.Detach(ctx, p.args)
	var ended *daemon.EndedError
	switch {
	case errors.As(err, &ended) && ended.State.Exited():
		return &exitError{code: exitUsage}
	case ctx.Err() != nil:
		return &exitError{code: exitInterrupted}
	}
	return err
}

// serve runs an engine until a signal ends it.
func (p *program) serve(ctx context.Context, f *daemonFlags, o engine.Options) (err error) {
	background := p.notice != nil
	folder, err := engine.Folder(f.stateDir, o.Config)
	if err != nil {
		return err
	}
	logPath := f.destination(background, filepath.Join(folder, "log"))
	if background && f.pidFile == "" {
		f.pidFile = filepath.Join(folder, "pid")
	}
	warnings, err := f.findings(o.Config, logPath, f.pidFile)
	if err != nil {
		return err
	}
	if background {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("keep state in %s: %w; give another with --state-dir", f.stateDir, err)
		}
		if err := os.Chdir("/"); err != nil { // keeps no mount busy
			return fmt.Errorf("leave the working directory: %w", err)
		}
	}
	if err := f.checkPidFile(); err != nil {
		return err
	}
	log, err := f.open(p.stderr, background, logPath)
	if err != nil {
		return err
	}
	log.Info("starting", "version", version, "pid", os.Getpid(), "config", o.Config.File, "state", folder)
	log.findings(warnings)
	start := &start{program: p, log: log, pidPath: f.pidFile}
	o.OnReady, o.LogFile, o.PidFile = start.ready, logPath, f.pidFile
	eng, err := engine.New(f.options(o, log.Logger, p))
	if err != nil {
		return err
	}
	stops := stopping{log: log.Logger, first: start.stopping, force: eng.Kill}
	err = stops.run(ctx, eng.Run)
	err = errors.Join(err, start.pid.Remove())
	if errors.Is(err, errStopped) {
		log.Info("ended")
		return nil
	}
	if err != nil {
		log.Error("ended", "err", err)
	}
	return err
}

// checkPidFile finds out before the start what would be an error only after it. The state directory
// is made by then.
func (f *daemonFlags) checkPidFile() error {
	dir := filepath.Dir(f.pidFile)
	if f.pidFile == "" || dir == f.stateDir {
		return nil
	}
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("no place for the pid file: %w; give another --pid-file", err)
	}
	return nil
}

// findings checks the configuration on this machine: errors are the error, the rest is returned.
func (f *runFlags) findings(
	c *config.Config, logPath, pidPath string,
) (warnings []config.Finding, err error) {
	var faults config.Findings
	for _, finding := range c.Check(config.CheckEnv{
		StateDir: f.stateDir, LogFile: logPath, PidFile: pidPath, Root: os.Geteuid() == 0,
	}) {
		switch finding.Severity {
		case config.Error:
			faults = append(faults, finding)
		default:
			warnings = append(warnings, finding)
		}
	}
	if faults != nil {
		return nil, faults
	}
	return warnings, nil
}

// options are the engine's, as far as flags say them.
func (f *runFlags) options(o engine.Options, log *slog.Logger, p *program) engine.Options {
	o.Log = log
	o.StateDir = f.stateDir
	o.Workers = int(f.workers)
	o.DryRun = f.dryRun
	o.ForceDelete = f.forceDelete
	o.Stdout = p.stdout
	return o
}

// start is what happens when everything is watched.
type start struct {
	program *program
	log     *logger
	pidPath string
	pid     *daemon.PidFile
}

// ready writes the pid file, and tells systemd and the process in front.
func (s *start) ready() {
	if s.pidPath != "" {
		pid, err := daemon.WritePid(s.pidPath)
		if err != nil {
			s.log.Error("no pid file", "err", err)
		}
		s.pid = pid
	}
	if err := daemon.NotifyReady(); err != nil {
		s.log.Warn("systemd not told", "err", err)
	}
	if err := s.program.notice.Ready(s.log.file); err != nil {
		s.log.Error("terminal kept", "err", err)
	}
}

func (s *start) stopping() {
	if err := daemon.NotifyStopping(); err != nil {
		s.log.Warn("systemd not told", "err", err)
	}
}
