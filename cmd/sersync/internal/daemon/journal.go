package daemon

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/coreos/go-systemd/v22/journal"
)

// HasJournal tells whether systemd's journal takes log records on this machine.
func HasJournal() bool { return journal.Enabled() }

// JournalHandler is a slog.Handler that writes to systemd's journal: the level as the priority,
// message and attributes as the text that journalctl shows.
type JournalHandler struct {
	*sink
	text slog.Handler // writes a record's attributes alone into sink.buffer
}

// sink is what a handler shares with those derived from it.
type sink struct {
	send  func(message string, priority journal.Priority, fields map[string]string) error
	level slog.Leveler

	mu     sync.Mutex
	buffer bytes.Buffer
}

// NewJournalHandler returns a handler for records of level and above.
func NewJournalHandler(level slog.Leveler) *JournalHandler {
	return newJournalHandler(level, journal.Send)
}

func newJournalHandler(
	level slog.Leveler, send func(string, journal.Priority, map[string]string) error,
) *JournalHandler {
	s := &sink{send: send, level: level}
	text := slog.NewTextHandler(&s.buffer, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutHead})
	return &JournalHandler{sink: s, text: text}
}

// withoutHead drops what the journal has as fields of its own.
func withoutHead(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return a
}

// Enabled implements slog.Handler.
func (h *JournalHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// Handle implements slog.Handler.
func (h *JournalHandler) Handle(ctx context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buffer.Reset()
	if err := h.text.Handle(ctx, r); err != nil {
		return err
	}
	message := r.Message
	if attributes := strings.TrimSpace(h.buffer.String()); attributes != "" {
		message += " " + attributes
	}
	return h.send(message, priority(r.Level), map[string]string{"SYSLOG_IDENTIFIER": "sersync"})
}

// WithAttrs implements slog.Handler.
func (h *JournalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &JournalHandler{sink: h.sink, text: h.text.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h *JournalHandler) WithGroup(name string) slog.Handler {
	return &JournalHandler{sink: h.sink, text: h.text.WithGroup(name)}
}

func priority(level slog.Level) journal.Priority {
	switch {
	case level >= slog.LevelError:
		return journal.PriErr
	case level >= slog.LevelWarn:
		return journal.PriWarning
	case level >= slog.LevelInfo:
		return journal.PriInfo
	}
	return journal.PriDebug
}
