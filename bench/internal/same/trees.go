package same

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Options says what is compared beyond the obvious.
type Options struct {
	// HardLinks demands that names which are one file on one side are one on the other.
	HardLinks bool
	// Most bounds how many differences are named; 0 is 20. All are counted.
	Most int
}

// Report is what Trees found.
type Report struct {
	Paths   int      // compared, of both sides together
	Differ  int      // paths that differ, are missing or are extra
	Samples []string // "path: what", sorted, the first Options.Most that were found
}

// Same tells whether nothing differed.
func (r *Report) Same() bool { return r.Differ == 0 }

// String is one line when the trees are the same, else a line for each sample.
func (r *Report) String() string {
	if r.Same() {
		return fmt.Sprintf("%d paths, identical", r.Paths)
	}
	text := fmt.Sprintf("%d of %d paths differ:", r.Differ, r.Paths)
	for _, s := range r.Samples {
		text += "\n  " + s
	}
	if more := r.Differ - len(r.Samples); more > 0 {
		text += fmt.Sprintf("\n  and %d more", more)
	}
	return text
}

// Trees compares everything below source and replica, and the two directories themselves. What
// changes meanwhile may be reported as different. An error is one of looking, not a difference.
func Trees(ctx context.Context, source, replica string, o Options) (*Report, error) {
	if o.Most == 0 {
		o.Most = 20
	}
	c := &comparison{source: source, replica: replica, most: o.Most, report: new(Report)}
	if o.HardLinks {
		c.links = new(links)
	}
	if _, err := c.pair("."); err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0)) // content is waited for, not only computed
	if err := c.directory(ctx, group, "."); err != nil {
		_ = group.Wait()
		return nil, err
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if c.links != nil {
		c.links.differences(c.differ)
	}
	slices.Sort(c.report.Samples)
	return c.report, nil
}

// directory compares the entries of one directory, and of those below: in another goroutine where
// one is free.
func (c *comparison) directory(ctx context.Context, group *errgroup.Group, dir string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	ours, err := names(filepath.Join(c.source, dir))
	if err != nil {
		return err
	}
	theirs, err := names(filepath.Join(c.replica, dir))
	if err != nil {
		return err
	}
	for _, name := range merge(ours, theirs) {
		path := filepath.Join(dir, name)
		descend, err := c.pair(path)
		if err != nil {
			return err
		}
		if !descend {
			continue
		}
		below := func() error { return c.directory(ctx, group, path) }
		if group.TryGo(below) {
			continue
		}
		if err := below(); err != nil {
			return err
		}
	}
	return nil
}

// names lists a directory; one that has vanished is empty.
func names(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	defer d.Close()
	list, err := d.Readdirnames(-1)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("compare: %w", err)
	}
	return list, nil
}

func merge(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// sameContent compares two files of one size.
func sameContent(a, b string) (bool, error) {
	f, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer f.Close()
	g, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer g.Close()
	const block = 64 << 10
	mine, theirs := make([]byte, block), make([]byte, block)
	for {
		n, err := readFull(f, mine)
		if err != nil {
			return false, err
		}
		m, err := readFull(g, theirs)
		if err != nil {
			return false, err
		}
		if !bytes.Equal(mine[:n], theirs[:m]) {
			return false, nil
		}
		if n < block {
			return true, nil
		}
	}
}

func clip(text string) string {
	const most = 500
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
