package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/pflag"

	"github.com/sersync/sersync/cmd/sersync/internal/daemon"
	"github.com/sersync/sersync/engine/config"
)

// logFlags say where the log goes and how much of it.
type logFlags struct {
	logFile   string
	logLevel  level
	logFormat format
}

func (f *logFlags) bind(flags *pflag.FlagSet) {
	flags.StringVar(&f.logFile, "log-file", "",
		"append the log to `FILE` (default: standard error; with -d the journal, or\na file in the state directory)")
	flags.Var(&f.logLevel, "log-level", "at this `LEVEL` and above: debug, info, warn or error (default info)")
	flags.Var(&f.logFormat, "log-format", "in this `FORMAT`: text or json (default text)")
}

// logger is the log, and the file behind it if it has one.
type logger struct {
	*slog.Logger
	file *os.File
}

// findings logs what there is to say about a configuration though nothing is wrong.
func (l *logger) findings(all []config.Finding) {
	for _, f := range all {
		if f.Severity == config.Note {
			l.Info("config", "finding", f.Error())
		} else {
			l.Warn("config", "finding", f.Error())
		}
	}
}

// destination is the file that the log goes to: the one that was given; in front, none, which is
// standard error; else none, which is the journal; else fallback.
func (f *logFlags) destination(background bool, fallback string) string {
	if f.logFile != "" || !background || daemon.HasJournal() && f.logFormat != formatJSON {
		return f.logFile
	}
	return fallback
}

// open opens the log; path is what destination gave.
func (f *logFlags) open(stderr io.Writer, background bool, path string) (*logger, error) {
	level := slog.Level(f.logLevel)
	if path == "" {
		if background {
			return &logger{Logger: slog.New(daemon.NewJournalHandler(level))}, nil
		}
		return &logger{Logger: slog.New(f.handler(stderr, level))}, nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		if f.logFile == "" { // it is in the state directory
			return nil, fmt.Errorf("log: %w; give another directory with --state-dir", err)
		}
		return nil, fmt.Errorf("log: %w; give another --log-file", err)
	}
	return &logger{Logger: slog.New(f.handler(file, level)), file: file}, nil
}

func (f *logFlags) handler(w io.Writer, level slog.Level) slog.Handler {
	o := &slog.HandlerOptions{Level: level}
	if f.logFormat == formatJSON {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

// level is the value of --log-level.
type level slog.Level

func (l *level) String() string {
	if *l == 0 {
		return "" // info, said in the help text
	}
	return slog.Level(*l).String()
}

func (*level) Type() string { return "LEVEL" }

func (l *level) Set(text string) error {
	switch text {
	case "debug", "info", "warn", "error":
		return (*slog.Level)(l).UnmarshalText([]byte(text))
	}
	return errors.New("give debug, info, warn or error")
}

// format is the value of --log-format.
type format string

const formatJSON format = "json"

func (f *format) String() string { return string(*f) }

func (*format) Type() string { return "FORMAT" }

func (f *format) Set(text string) error {
	if text != "text" && text != string(formatJSON) {
		return errors.New("give text or json")
	}
	*f = format(text)
	return nil
}
