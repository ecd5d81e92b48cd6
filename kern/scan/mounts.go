package scan

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sersync/sersync/kern/internal/sys"
)

// Mount is what shows at a mount point below a root.
type Mount struct {
	// Path of the mount point, relative to the root.
	Path string
	// Identity of the directory, or file, that shows there. Where it could not be looked at, Ino is
	// 0 and UUID empty.
	Identity Identity
	FSType   string // by name, as in mountinfo
	Source   string // device or server, as in mountinfo
}

// Mounts returns what is mounted below the pinned directory and can be reached from it, sorted by
// path: of several mounts at one place the topmost, and none that another one hides. Looking at
// a mount waits for its server if it has one.
//
// Compared to an earlier list it says which part of the tree vanished, was mounted over or was
// mounted anew; nothing must be deleted in such a part.
func (r *Root) Mounts() ([]Mount, error) {
	visible, err := r.mountLines()
	if err != nil {
		return nil, err
	}
	l := r.Looker(true)
	defer l.Close()
	mounts := make([]Mount, 0, len(visible))
	for _, line := range visible {
		m := Mount{Path: line.point, FSType: line.fstype, Source: line.source}
		m.Identity = l.identifyMount(line)
		mounts = append(mounts, m)
	}
	return mounts, nil
}

// MountPoints returns the paths of Mounts without looking at what is mounted.
func (r *Root) MountPoints() ([]string, error) {
	visible, err := r.mountLines()
	if err != nil {
		return nil, err
	}
	points := make([]string, len(visible))
	for i, line := range visible {
		points[i] = line.point
	}
	return points, nil
}

func (r *Root) mountLines() ([]mountLine, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	lines, err := parseMountinfo(text)
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	top, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(r.fd))
	if err != nil {
		return nil, fmt.Errorf("list mounts: find root: %w", err)
	}
	return mountsBelow(lines, r.id.MountID, top), nil
}

// identifyMount looks at a mount. What mountinfo said is all there is if it can't.
func (l *Looker) identifyMount(line mountLine) Identity {
	known := Identity{Dev: line.dev, MountID: line.id}
	fd, err := l.open(line.point, sys.OpenPathAny)
	if err != nil {
		return known
	}
	defer sys.Close(fd)
	id, _, err := l.calls.identify(fd)
	if err != nil {
		return known
	}
	return id
}

// mountsBelow returns the mounts that can be reached from the directory top of the mount id, with
// their points relative to top, sorted.
func mountsBelow(lines []mountLine, id uint64, top string) []mountLine {
	type place struct {
		parent uint64
		point  string
	}
	at := make(map[place]mountLine, len(lines))
	children := make(map[uint64][]mountLine)
	for _, m := range lines {
		if m.id == m.parent {
			continue // the root of the namespace, where it shows at all
		}
		at[place{m.parent, m.point}] = m
		children[m.parent] = append(children[m.parent], m)
	}
	// hidden reports that another mount of the same parent covers m: at a directory between the
	// parent's own point, from, and m, or at from itself, where it was stacked on the parent. At
	// the very top nothing covers: the pinned descriptor is below what is mounted over it.
	hidden := func(m mountLine, from string) bool {
		if m.point == from {
			return false
		}
		for dir := path.Dir(m.point); under(dir, from); dir = path.Dir(dir) {
			if dir == from && m.parent == id {
				break
			}
			if _, ok := at[place{m.parent, dir}]; ok {
				return true
			}
			if dir == "/" {
				break
			}
		}
		return at[place{m.parent, m.point}].id != m.id
	}
	shown := make(map[string]mountLine)
	var visit func(parent uint64, from string)
	visit = func(parent uint64, from string) {
		here := children[parent]
		delete(children, parent) // whatever the list says, it is no cycle
		for _, m := range here {
			if !under(m.point, top) || m.point == top || hidden(m, from) {
				continue
			}
			shown[m.point] = m // in place of the one below it, if that has the same point
			visit(m.id, m.point)
		}
	}
	visit(id, top)
	visible := make([]mountLine, 0, len(shown))
	for _, m := range shown {
		visible = append(visible, m)
	}
	for i := range visible {
		visible[i].point = strings.TrimPrefix(strings.TrimPrefix(visible[i].point, top), "/")
	}
	slices.SortFunc(visible, func(a, b mountLine) int { return strings.Compare(a.point, b.point) })
	return visible
}

// under reports that p is dir or below it; both are clean and absolute.
func under(p, dir string) bool {
	rest, ok := strings.CutPrefix(p, dir)
	return ok && (rest == "" || rest[0] == '/' || dir == "/")
}
