package inotify

import (
	"errors"
	"fmt"
	"time"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/epoll"
	"github.com/sersync/sersync/kern/internal/sys"
)

const (
	// fewBytes is how much one read must bring to be handed over at once: about 120 events.
	fewBytes = 4 << 10
	// gather is how long a Read that brought less waits for more. Under 50 k operations a second
	// that cuts the reads 300-fold.
	gather = time.Millisecond
	// gatherBusy is that of a Read after one that brought busyBytes, some 60 events: what comes at
	// that rate waits longer for its batch than here.
	gatherBusy = 4 * time.Millisecond
	busyBytes  = 2 << 10
	// gatherAlone is that of the first Read after lull, enough for the write and the close of one
	// save to come together: an isolated change does not wait for company.
	gatherAlone = 200 * time.Microsecond
	lull        = 20 * time.Millisecond
	// mostFinals bounds the reads after Finish, in case the queue is never seen empty: 16 MiB in
	// buffers of 256 KiB, which is more than a queue of the default length holds.
	mostFinals = 64
)

// Read implements kern.Source. It also returns, with what there is, perhaps nothing, after Wake.
func (s *Source) Read(b *kern.Buffer) error {
	*b = kern.Buffer{Bytes: b.Bytes[:0]}
	finishing := s.finishing.Load()
	if s.finals < 0 {
		return kern.ErrClosed
	}
	if !finishing {
		if err := s.poller.Wait(); err != nil {
			return readError(err)
		}
	}
	s.readMu.Lock()
	defer s.readMu.Unlock()
	if s.fd < 0 {
		return kern.ErrClosed
	}
	// The round ends here whatever it brings: a stamp taken later belongs to the next one.
	defer s.reads.Add(1)
	b.Seq = s.reads.Load()
	b.Start = sys.CoarseNow()
	if err := s.fill(b); err != nil {
		return err
	}
	if finishing {
		if s.finals++; b.Emptied || s.finals == mostFinals {
			s.finals = -1
		}
		return nil
	}
	if len(b.Bytes) == 0 {
		return nil
	}
	wait := s.patience(b)
	defer func() { s.brought = len(b.Bytes) }()
	if len(b.Bytes) >= fewBytes {
		return nil
	}
	if err := s.poller.Pause(wait); err != nil && !errors.Is(err, epoll.ErrClosed) {
		return readError(err)
	}
	return s.fill(b)
}

// patience is how long a Read that brought little waits for more.
func (s *Source) patience(b *kern.Buffer) time.Duration {
	idle := b.Start - s.busy
	s.busy = b.Start
	switch {
	case idle > int64(lull):
		return gatherAlone
	case s.brought >= busyBytes:
		return gatherBusy
	}
	return gather
}

// Finish lets Read return what is queued by now, without waiting, and then kern.ErrClosed.
func (s *Source) Finish() {
	s.finishing.Store(true)
	s.Wake()
}

// Reads is the number of the Read under way or, between two, of the next one: what a walker calls
// before it opens a directory is the stamp of its visit.
func (s *Source) Reads() uint32 { return s.reads.Load() }

// Wake makes Read return soon, so that what was published is taken in.
func (s *Source) Wake() {
	if err := s.poller.Wake(); err != nil {
		s.log.Error("wake the reader", "err", err)
	}
}

// fill appends what the queue holds to b. inotify copies whole records until the queue is empty
// or the next one has no room, so what leaves room for the longest record has emptied the queue;
// a second read(2) to see EAGAIN would only race with the writers.
func (s *Source) fill(b *kern.Buffer) error {
	room := b.Bytes[len(b.Bytes):cap(b.Bytes)]
	if len(room) < sys.InotifyRecordMax {
		b.Emptied = false
		return nil
	}
	n, err := sys.Read(s.fd, room)
	if err != nil && !errors.Is(err, sys.ErrAgain) {
		return fmt.Errorf("read inotify: %w", err)
	}
	n = max(n, 0)
	b.Bytes = b.Bytes[:len(b.Bytes)+n]
	b.Emptied = len(room)-n >= sys.InotifyRecordMax
	return nil
}

func readError(err error) error {
	if errors.Is(err, epoll.ErrClosed) {
		return kern.ErrClosed
	}
	return fmt.Errorf("wait for inotify: %w", err)
}
