package inotify

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/kern/internal/sys"
)

func TestTopmost(t *testing.T) {
	tests := []struct {
		name  string
		paths []string
		limit int
		want  []string
	}{
		{"none", nil, 2, nil},
		{"below another", []string{"a/b", "a", "a/b/c", "ab", "a-b"}, 9, []string{"a", "a-b", "ab"}},
		{"too many", []string{"a/1", "a/2", "a/3", "b/c/1"}, 2, []string{"a", "b/c"}},
		{"far too many", []string{"a", "b", "c"}, 2, []string{""}},
		{"all", []string{"a", ""}, 2, []string{""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := topmost(test.paths, test.limit)
			if diff := cmp.Diff(test.want, got); diff != "" && len(got)+len(test.want) > 0 {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnwatchedIsBounded(t *testing.T) {
	var b blind
	for i := range 100_000 {
		b.unwatched(fmt.Appendf(nil, "d%d/e%d", i%50, i))
	}
	if n := len(b.unwatcheds); n > 4*blindMax {
		t.Errorf("%d paths are kept", n)
	}
}

func TestMessagesNameTheRemedy(t *testing.T) {
	limit := &LimitError{Used: 100, Limit: 192_536, Needed: 1_000_000}
	for _, want := range []string{
		"100 used", "192536", "1000000 needed", "sysctl -w fs.inotify.max_user_watches=1310720",
	} {
		if !strings.Contains(limit.Error(), want) {
			t.Errorf("%q does not say %q", limit, want)
		}
	}
	got := (&InstanceError{Limit: 128}).Error()
	if !strings.Contains(got, "sysctl -w fs.inotify.max_user_instances=256") {
		t.Errorf("%q names no remedy", got)
	}
}

func TestReadLimits(t *testing.T) {
	l, err := ReadLimits()
	if err != nil {
		t.Fatal(err)
	}
	if l.Watches <= 0 || l.Instances <= 0 || l.QueuedEvents <= 0 {
		t.Errorf("limits %+v", l)
	}
}

func TestTooManyInstancesOrDescriptors(t *testing.T) {
	limits, err := ReadLimits()
	if err != nil {
		t.Fatal(err)
	}
	var limit *InstanceError
	err = instanceError(sys.ErrFilesProcess)
	if !errors.As(err, &limit) || limit.Limit != limits.Instances {
		t.Errorf("with descriptors left EMFILE is %v, want the limit %d", err, limits.Instances)
	}
	if err := instanceError(sys.ErrNoMemory); errors.As(err, &limit) {
		t.Errorf("ENOMEM is %v", err)
	}
}
