package same

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
)

// Pending is a set of paths of which some have not arrived on the replica.
type Pending struct {
	source, replica string
	paths           []string
	example         string
}

// NewPending begins with all of paths, relative to both trees. It keeps and reorders the slice: in
// whatever order they arrive, one that was looked at tells as much as another.
func NewPending(source, replica string, paths []string) *Pending {
	rand.New(rand.NewPCG(1, uint64(len(paths)))).Shuffle(len(paths), func(i, j int) {
		paths[i], paths[j] = paths[j], paths[i]
	})
	return &Pending{source: source, replica: replica, paths: paths}
}

// Step looks at those that had not arrived, until it met some that still have not: all steps
// together cost one look at each path, and a few microseconds each. It returns how many are left;
// the last of them are always looked at.
func (p *Pending) Step() (left int, err error) {
	const misses = 32
	kept := 0
	i := 0
	for ; i < len(p.paths) && kept < misses; i++ {
		there, err := p.arrived(p.paths[i])
		if err != nil {
			return len(p.paths), err
		}
		if !there {
			p.paths[kept] = p.paths[i]
			kept++
		}
	}
	p.paths = append(p.paths[:kept], p.paths[i:]...)
	return len(p.paths), nil
}

// Example is the path that was last found not to have arrived, and what about it.
func (p *Pending) Example() string { return p.example }

// arrived looks at attributes only: content of that size and mtime to the nanosecond came by rsync.
func (p *Pending) arrived(path string) (bool, error) {
	var a, b syscall.Stat_t
	aThere, err := lstat(filepath.Join(p.source, path), &a)
	if err != nil {
		return false, err
	}
	bThere, err := lstat(filepath.Join(p.replica, path), &b)
	if err != nil {
		return false, err
	}
	what := ""
	switch {
	case aThere != bThere:
		what = "is on one side only"
	case aThere:
		what = attributes(&a, &b)
	}
	if what != "" {
		p.example = fmt.Sprintf("%q: %s", clip(path), what)
	}
	return what == "", nil
}
