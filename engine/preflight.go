package engine

import (
	"context"
	"errors"
	"os"

	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/engine/journal"
	"github.com/sersync/sersync/rsyncexec"
)

// Preflight says what is in the way of mirroring a config, or remarkable about it: the config
// itself, this host, the other configs on it, and each target. It writes nothing.
func Preflight(ctx context.Context, o Options) []config.Finding {
	o = o.withDefaults()
	others, err := others(&o)
	env := config.CheckEnv{
		StateDir: o.StateDir, LogFile: o.LogFile, PidFile: o.PidFile,
		Others: others, Root: os.Geteuid() == 0,
	}
	findings := o.Config.Check(env)
	if err != nil {
		for _, line := range config.ErrorLines(err) {
			findings = append(findings, config.Finding{Severity: config.Warning, What: line, Where: "state directory"})
		}
	}
	for i := range o.Config.Trees {
		t := &o.Config.Trees[i]
		for j := range t.Targets {
			if _, err := t.Targets[j].Destination(); err != nil {
				continue // said, and rsync could only say it again
			}
			findings = append(findings, probe(ctx, o.Config, &t.Targets[j]))
		}
	}
	return findings
}

// others are the destinations of the other configs on this host, as far as they can be read, and
// what could not be.
func others(o *Options) (all []config.OtherTarget, err error) {
	own, err := Folder(o.StateDir, o.Config)
	if err != nil {
		return nil, err
	}
	configs, err := journal.Destinations(o.StateDir)
	faults := []error{err}
	for _, c := range configs {
		if c.Dir == own {
			continue
		}
		pid, held, err := c.Holder()
		faults = append(faults, err)
		for _, d := range c.Destinations {
			t := config.Target{Dest: d.Target, Port: d.Port}
			if dest, err := t.Destination(); err == nil {
				all = append(all, config.OtherTarget{
					Config: c.Name, Source: d.Source, Dest: dest, Delete: d.Delete,
					Running: held, PID: pid, Once: c.Once,
				})
			}
		}
	}
	return all, errors.Join(faults...)
}

// probe asks a target what it understands.
func probe(ctx context.Context, c *config.Config, t *config.Target) config.Finding {
	r := rsyncexec.NewRunner(rsyncexec.Options{
		Dest: t.Dest, Args: t.Args, RSH: shellWords(t.RSH), Port: t.Port,
		PasswordFile: t.PasswordFile, Timeout: t.Timeout, ConTimeout: t.ConTimeout,
	})
	q, err := r.Probe(ctx)
	if err != nil {
		return config.Finding{
			File: c.File, Line: t.Line, Severity: config.Warning, Where: t.Name,
			What: "can't be used now: " + reason(t.Name, err),
		}
	}
	return config.Finding{
		File: c.File, Line: t.Line, Severity: config.Note, Where: t.Name, What: q.Words(),
	}
}
