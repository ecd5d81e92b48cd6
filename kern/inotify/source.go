package inotify

import (
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/epoll"
	"github.com/sersync/sersync/kern/internal/sys"
)

// watchMask is what is asked of every directory. IN_UNMOUNT, IN_IGNORED and IN_Q_OVERFLOW come
// unasked. IN_OPEN and IN_ACCESS are left out: our own walks and rsync's reading would raise them.
const watchMask = sys.InCreate | sys.InDelete | sys.InMovedFrom | sys.InMovedTo |
	sys.InModify | sys.InCloseWrite | sys.InAttrib |
	sys.InDeleteSelf | sys.InMoveSelf | sys.InOnlyDir

// Options make a Source. The zero value works.
type Options struct {
	// Log gets what operators should know: limits and directories that can't be read. Nil: nothing.
	Log *slog.Logger
	// Workers bounds the directories that one walk reads at once; 0: what scan.Walk thinks best.
	Workers int
	// CrossMounts watches what is mounted below a root, too.
	CrossMounts bool
}

// Source watches trees by inotify. It implements kern.Source.
type Source struct {
	opts   Options
	poller *epoll.Poller
	log    *slog.Logger

	// reads is the number of the Read under way, or of the next one.
	reads atomic.Uint32
	// finishing: what is queued is read, and nothing waited for. finals counts the reads since, and
	// belongs to who calls Read; -1: the last one is over.
	finishing atomic.Bool
	finals    int
	// busy is the Start of the last Read that brought something, and brought how many bytes.
	busy    int64
	brought int
	// readMu is held by Read while it uses fd.
	readMu sync.Mutex

	// gate is held shared while a walker adds one watch and publishes it, exclusively while
	// watches are removed or fd is closed. Its holder may take published.mu.
	gate sync.RWMutex
	fd   int // of the inotify instance, -1: closed

	published ledger
	walks     atomic.Int64 // under way

	treesMu  sync.Mutex
	trees    map[int]*tree
	lastTree int32

	// Owned by the goroutine that calls Decode.
	table    *kern.DirTable
	renames  renames
	early    early
	departed departed
	walking  bool   // a walk was under way when published was last taken in
	emptied  int64  // start of the last read that emptied the queue
	raised   uint32 // number of the read at which old stamps were last pulled up
	agedAt   int64  // when Reap last marked what is detached
	path     []byte
	applied  []notice // taken from published, then given back
	appliedN []byte
	// unreplayed: something was taken in since the early records were last looked at.
	unreplayed bool

	stats counters
	// addWatch is inotify_add_watch of an open directory; tests put faults in its place.
	addWatch func(fd, dirfd int, mask uint32) (int32, error)
}

var _ kern.Source = (*Source)(nil)

// New makes an inotify instance that decodes with table. Where the user has too many of them the
// error is an *InstanceError.
func New(table *kern.DirTable, o Options) (*Source, error) {
	fd, err := sys.InotifyInit()
	if err != nil {
		return nil, instanceError(err)
	}
	poller, err := epoll.New(fd)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for inotify: %w", err), sys.Close(fd))
	}
	return newSource(table, o, poller, fd), nil
}

func newSource(table *kern.DirTable, o Options, poller *epoll.Poller, fd int) *Source {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Source{
		opts: o, poller: poller, log: o.Log, fd: fd, table: table, trees: map[int]*tree{},
		emptied: sys.CoarseNow(), raised: 1, departed: departed{seed: maphash.MakeSeed()},
		addWatch: sys.InotifyAddWatchFD,
	}
	s.reads.Store(1)
	return s
}

// Caps says what inotify sees.
func (s *Source) Caps() kern.Caps {
	return kern.Caps{Name: "inotify", PerDirectory: true, Ordered: true}
}

// Close wakes Read and gives every watch back. Buffers that were read may still be decoded.
func (s *Source) Close() error {
	err := s.poller.Close()
	s.readMu.Lock()
	defer s.readMu.Unlock()
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.fd >= 0 {
		err = errors.Join(err, sys.Close(s.fd))
		s.fd = -1
	}
	return err
}
