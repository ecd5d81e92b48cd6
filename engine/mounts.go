package engine

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/sersync/sersync/engine/journal"
	"github.com/sersync/sersync/kern/scan"
)

// mounts knows the filesystems inside a tree that mirrors them too. One that is not there any
// more, or is another one, must not look like a directory whose content was deleted; one that was
// mounted after the start hides what the targets hold a replica of.
type mounts struct {
	mu     sync.Mutex
	known  map[string]journal.Identity // by path, since the start or from the journal
	text   []byte                      // of mountinfo, when absent was made
	absent []string
}

// recallMounts takes over what is remembered, and adds what is mounted now.
func (t *tree) recallMounts(remembered []journal.Mount) error {
	if !t.conf.CrossMounts {
		t.uncovered()
		return nil
	}
	now, err := t.root.Load().Mounts()
	if err != nil {
		return err
	}
	t.mounts.known = map[string]journal.Identity{}
	for _, m := range now {
		t.mounts.known[m.Path] = identityOf(m.Identity)
	}
	for _, m := range remembered {
		t.mounts.known[m.Path] = m.Identity
	}
	return nil
}

// rememberedMounts are those that belong to the tree, sorted by path.
func (t *tree) rememberedMounts() (all []journal.Mount) {
	t.mounts.mu.Lock()
	defer t.mounts.mu.Unlock()
	for path, id := range t.mounts.known {
		all = append(all, journal.Mount{Path: path, Identity: id})
	}
	slices.SortFunc(all, func(a, b journal.Mount) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	return all
}

// absentMounts returns the mount points where something else shows than what belongs there. It is
// asked before every run; while no mount came or went it costs one read of mountinfo.
func (t *tree) absentMounts() []string {
	if !t.conf.CrossMounts {
		return nil
	}
	text, err := os.ReadFile("/proc/self/mountinfo")
	m := &t.mounts
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil && m.text != nil && bytes.Equal(text, m.text) {
		return m.absent
	}
	now, err := t.root.Load().Mounts()
	if err != nil {
		// Nothing is known, so everything that may be gone is taken to be.
		t.log.Error("list mounts", "err", err)
		m.text = nil
		return append([]string{}, keys(m.known)...)
	}
	m.text, m.absent = text, m.compare(now)
	return m.absent
}

func (m *mounts) compare(now []scan.Mount) (absent []string) {
	there := map[string]journal.Identity{}
	for _, mount := range now {
		there[mount.Path] = identityOf(mount.Identity)
		if _, known := m.known[mount.Path]; !known {
			absent = append(absent, mount.Path)
		}
	}
	for path, id := range m.known {
		if shows, ok := there[path]; !ok || !shows.Same(id) {
			absent = append(absent, path)
		}
	}
	slices.Sort(absent)
	return absent
}

func keys(m map[string]journal.Identity) (all []string) {
	for path := range m {
		all = append(all, path)
	}
	return all
}

// recheckMounts tells people which mounts went or came back since the last time, and returns those
// that came back, or where other filesystems are left out, what they hide no more.
func (t *tree) recheckMounts() (back []string) {
	if !t.conf.CrossMounts {
		return t.uncovered()
	}
	absent := t.absentMounts()
	for _, path := range absent {
		if !slices.Contains(t.lastAbsent, path) {
			t.log.Error("a filesystem in the tree is not the one that belongs there: nothing is sent "+
				"or deleted below it", "mount", path, "remedy",
				fmt.Sprintf("mount %s/%s as before, or restart if it is to be mirrored as it is", t.conf.Path, path))
		}
	}
	for _, path := range t.lastAbsent {
		if !slices.Contains(absent, path) {
			t.log.Info("the filesystem is back", "mount", path)
			back = append(back, path)
		}
	}
	t.lastAbsent = slices.Clone(absent)
	return back
}

// uncovered returns the directories that a filesystem which is not mirrored hid when it was last
// called, and hides no more. Nobody watches what is in them.
func (t *tree) uncovered() (paths []string) {
	covering, err := t.root.Load().MountPoints()
	if err != nil {
		t.log.Error("list mounts", "err", err)
		return nil
	}
	hidden := func(path string) bool {
		return slices.ContainsFunc(covering, func(point string) bool { return within(point, path) })
	}
	for _, path := range t.lastAbsent {
		if !hidden(path) {
			t.log.Info("a filesystem that hid a directory is gone", "mount", path)
			paths = append(paths, path)
		}
	}
	t.lastAbsent = covering
	return paths
}

func identityOf(id scan.Identity) journal.Identity {
	return journal.Identity{UUID: id.UUID, FSType: id.FSType, Ino: id.Ino}
}
