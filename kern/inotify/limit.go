package inotify

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/sersync/sersync/kern/internal/sys"
)

const limitDir = "/proc/sys/fs/inotify/"

// Limits are the kernel's bounds, fs.inotify.* of sysctl(8).
type Limits struct {
	Watches      int // max_user_watches: directories of one user that are watched
	Instances    int // max_user_instances: programs of one user that watch
	QueuedEvents int // max_queued_events: events that wait before they are lost
}

// ReadLimits reads the bounds. It changes none.
func ReadLimits() (Limits, error) {
	var l Limits
	for name, value := range map[string]*int{
		"max_user_watches": &l.Watches, "max_user_instances": &l.Instances,
		"max_queued_events": &l.QueuedEvents,
	} {
		text, err := os.ReadFile(limitDir + name)
		if err != nil {
			return Limits{}, fmt.Errorf("read inotify limit: %w", err)
		}
		if *value, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
			return Limits{}, fmt.Errorf("read inotify limit %s: %w", name, err)
		}
	}
	return l, nil
}

// LimitError says that the user has no watches left.
type LimitError struct {
	Used   int // watches of this Source
	Limit  int // of all that this user's programs hold; 0: unknown
	Needed int // that Limit would have to be, as far as the walk has counted
}

// Sysctl is the line that removes the limit, with room for a quarter more.
func (e *LimitError) Sysctl() string {
	const step = 1 << 16
	want := (e.Needed + e.Needed/4 + step - 1) / step * step
	return "fs.inotify.max_user_watches=" + strconv.Itoa(want)
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("inotify watch limit reached: %d used by this program, "+
		"limit of this user %d, %d needed; as root: sysctl -w %s",
		e.Used, e.Limit, e.Needed, e.Sysctl())
}

// limitError makes the error of a walk that had no watch for so many directories.
func (s *Source) limitError(beyond int) *LimitError {
	used := int(s.stats.watches.Load()) + s.published.pending()
	e := &LimitError{Used: used, Needed: used + beyond}
	if l, err := ReadLimits(); err == nil {
		// All of the limit is used, by us and by other programs.
		e.Limit, e.Needed = l.Watches, l.Watches+beyond
	}
	return e
}

// InstanceError says that the user has too many inotify instances.
type InstanceError struct {
	Limit int // 0: unknown
}

func (e *InstanceError) Error() string {
	return fmt.Sprintf("inotify instance limit of this user reached (%d); as root: "+
		"sysctl -w fs.inotify.max_user_instances=%d", e.Limit, max(2*e.Limit, 256))
}

// instanceError tells the two meanings of EMFILE apart: too many instances of the user, or too
// many descriptors of this process, which would refuse any other one too.
func instanceError(err error) error {
	if errors.Is(err, sys.ErrFilesProcess) {
		if fd, other := sys.Eventfd(); other == nil {
			limit := 0
			if l, err := ReadLimits(); err == nil {
				limit = l.Instances
			}
			return errors.Join(&InstanceError{Limit: limit}, sys.Close(fd))
		}
	}
	return fmt.Errorf("create inotify instance: %w", err)
}
