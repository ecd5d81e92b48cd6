package same

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"syscall"
)

// inode is a file's number on its filesystem.
type inode struct{ dev, ino uint64 }

// links gathers the names of every file with more than one, on both sides.
type links struct {
	mu     sync.Mutex
	ours   map[string]inode
	theirs map[string]inode
}

func (l *links) see(path string, a, b *syscall.Stat_t) {
	if isDir(a) || isDir(b) || a.Nlink < 2 && b.Nlink < 2 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ours == nil {
		l.ours, l.theirs = map[string]inode{}, map[string]inode{}
	}
	l.ours[path], l.theirs[path] = inode{a.Dev, a.Ino}, inode{b.Dev, b.Ino}
}

// differences calls differ for every name whose group is another one on the replica.
func (l *links) differences(differ func(path, what string)) {
	ours, theirs := groups(l.ours), groups(l.theirs)
	for path, at := range l.ours {
		mine, other := ours[at], theirs[l.theirs[path]]
		if !slices.Equal(mine, other) {
			differ(path, fmt.Sprintf("one file with %q, on the replica with %q", mine, other))
		}
	}
}

func groups(names map[string]inode) map[inode][]string {
	all := map[inode][]string{}
	for _, path := range slices.Sorted(maps.Keys(names)) {
		all[names[path]] = append(all[names[path]], path)
	}
	return all
}
