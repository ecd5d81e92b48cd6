package engine

import (
	"context"
	"fmt"
	"os"

	"github.com/sersync/sersync/engine/config"
	"github.com/sersync/sersync/engine/journal"
	"github.com/sersync/sersync/rsyncexec"
)

// Preflight says what is in the way of mirroring a config, or remarkable about it: the config
// itself, this host, the other configs on it, and each target. It writes nothing.
func Preflight(ctx context.Context, o Options) []config.Finding {
	o = o.withDefaults()
	others, err := journal.Destinations(o.StateDir)
	env := config.CheckEnv{
		StateDir: o.StateDir, LogFile: o.LogFile, PidFile: o.PidFile,
		Others: othersOf(others, &o), Root: os.Geteuid() == 0,
	}
	findings := o.Config.Check(env)
	if err != nil {
		findings = append(findings, config.Finding{
			Severity: config.Warning, What: err.Error(), Where: "state directory",
		})
	}
	for i := range o.Config.Trees {
		t := &o.Config.Trees[i]
		for j := range t.Targets {
			findings = append(findings, probe(ctx, o.Config, &t.Targets[j]))
		}
	}
	return findings
}

// othersOf are the destinations of the other configs on this host.
func othersOf(configs []journal.Config, o *Options) (all []config.OtherTarget) {
	own, err := Folder(o.StateDir, o.Config)
	if err != nil {
		return nil
	}
	for _, c := range configs {
		if c.Dir == own {
			continue
		}
		for _, d := range c.Destinations {
			if dest, err := config.DestinationOf(d.Target); err == nil {
				all = append(all, config.OtherTarget{Config: c.Name, Dest: dest, Delete: d.Delete})
			}
		}
	}
	return all
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
			What: fmt.Sprintf("can't be used now: %v", err),
		}
	}
	return config.Finding{
		File: c.File, Line: t.Line, Severity: config.Note, Where: t.Name, What: q.Words(),
	}
}
