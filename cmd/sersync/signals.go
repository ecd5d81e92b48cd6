package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// errStopped is the cause of a context that a signal ended.
var errStopped = errors.New("stopped by a signal")

// stopping is what the signals do to a running engine.
type stopping struct {
	log   *slog.Logger
	first func() // told once, before the context ends
	force func() // the second signal
}

// run runs work with a context that SIGINT or SIGTERM ends: work then finishes what is owed. A
// second one calls force. Nothing was started before that needs an orderly end: until then a
// signal simply ends the process.
func (s stopping) run(ctx context.Context, work func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		s.listen(signals, done, func() { cancel(errStopped) })
	}()
	err := work(ctx)
	signal.Stop(signals)
	close(done)
	<-ended
	if err == nil || errors.Is(err, context.Canceled) {
		err = context.Cause(ctx)
	}
	return err
}

func (s stopping) listen(signals <-chan os.Signal, done <-chan struct{}, cancel func()) {
	stops := 0
	for {
		select {
		case <-done:
			return
		case received := <-signals:
			if received == syscall.SIGHUP {
				s.log.Warn("SIGHUP ignored: the configuration is read at the start only, restart to apply it")
				continue
			}
			if stops++; stops == 1 {
				s.log.Info("stopping: finishing what is owed; a second signal stops at once", "signal", received.String())
				if s.first != nil {
					s.first()
				}
				cancel()
				continue
			}
			s.log.Warn("stopping at once", "signal", received.String())
			s.force()
		}
	}
}
