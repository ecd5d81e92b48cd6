package rsyncexec

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// witnesses are how many files have to say that times are coarse, if there are as many.
	witnesses = 3
	// maxWitness bounds a file that is sent once more to find out.
	maxWitness = 64 << 20
	// maxLooked bounds how many files are looked at for witnesses.
	maxLooked = 256
	// lookTime bounds a look, which is over with the first files of a tree, or as soon as a
	// connection and a few comparisons are.
	lookTime = 20 * time.Second
)

// stampLook is what a comparison that writes nothing says about times.
type stampLook struct {
	root int
	stop context.CancelFunc

	mu     sync.Mutex
	looked int
	exact  bool     // a file with nanoseconds is equal
	onTime []string // witnesses that are different by their time alone
}

// look compares what inv lists to the nanosecond until enough is known.
func (r *Runner) look(ctx context.Context, inv Invocation, q Quirks) stampLook {
	inv.DryRun, inv.Delete, inv.Sent, inv.Files, inv.all = true, DeleteNo, nil, 0, true
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	l := &stampLook{root: inv.RootFD, stop: cancel}
	// What it says counts, not how it ends: mostly by our own hand.
	_, _, _ = r.follow(ctx, &inv, q, r.o.steps(q, &inv, false), l.see)
	return stampLook{exact: l.exact, onTime: l.onTime}
}

func (l *stampLook) see(c *change) {
	if c.kind != 'f' {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.looked++; l.exact || l.looked > maxLooked || len(l.onTime) == witnesses {
		l.stop()
		return
	}
	if !c.equal && !c.onTime {
		return
	}
	path := string(c.name)
	switch _, ok := witness(l.root, path); {
	case !ok:
	case c.equal:
		l.exact = true
		l.stop()
	default:
		if l.onTime = append(l.onTime, path); len(l.onTime) == witnesses {
			l.stop()
		}
	}
}

// witness gives the time of a file that can say how exact times are: one with a part of a second,
// small enough to be sent again, and with one name, because with -H a run over one name of several
// makes it a file of its own on the target.
func witness(root int, path string) (mtime int64, ok bool) {
	info, err := os.Lstat(fmt.Sprintf("/proc/self/fd/%d/%s", root, path))
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxWitness {
		return 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	at := info.ModTime()
	return at.UnixNano(), ok && st.Nlink == 1 && at.Nanosecond() != 0
}
