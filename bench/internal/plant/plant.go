package plant

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// Shape is the shape of a tree of files.
type Shape struct {
	Files int
	// PerDir files are in each directory, 0: 100.
	PerDir int
	// Size is the average size of a file in bytes, 0: 1,000; each has between none and twice that.
	Size int
}

// Tree writes the files into directories below root/under, which it makes, and returns every path
// it made, relative to root: directories first, then files.
func Tree(ctx context.Context, root, under string, s Shape) (dirs, files []string, err error) {
	if s.PerDir == 0 {
		s.PerDir = 100
	}
	if s.Size == 0 {
		s.Size = 1000
	}
	dirs, leaves := dirsOf(under, (s.Files+s.PerDir-1)/s.PerDir)
	for i := range s.Files {
		files = append(files, filepath.Join(leaves[i/s.PerDir], "f"+strconv.Itoa(i%s.PerDir)))
	}
	if err := makeDirs(root, dirs); err != nil {
		return nil, nil, err
	}
	err = parallel(ctx, len(files), func(i int) error {
		return Write(filepath.Join(root, files[i]), Content(files[i], 0, sizeOf(files[i], s.Size)))
	})
	return dirs, files, err
}

// Dirs makes n empty directories below root/under, and those between.
func Dirs(root, under string, n int) error {
	dirs, _ := dirsOf(under, n)
	return makeDirs(root, dirs)
}

// fan is how many directories are in one that is no leaf: enough that few are needed, few enough
// that no directory is too flat to split.
const fan = 50

// dirsOf names n leaf directories and, parents first, those together with the ones above them.
func dirsOf(under string, n int) (dirs, leaves []string) {
	if under != "" && under != "." {
		dirs = append(dirs, under)
	}
	for i := range n {
		parent := filepath.Join(under, "p"+strconv.Itoa(i/fan))
		if i%fan == 0 {
			dirs = append(dirs, parent)
		}
		leaf := filepath.Join(parent, "d"+strconv.Itoa(i%fan))
		dirs, leaves = append(dirs, leaf), append(leaves, leaf)
	}
	return dirs, leaves
}

func makeDirs(root string, dirs []string) error {
	for _, dir := range dirs {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return fmt.Errorf("plant: %w", err)
		}
	}
	return nil
}

// Write replaces a file's content in place. It does not truncate to nothing first: ext4 would write
// such a file back at its close (auto_da_alloc), and that would be measured instead.
func Write(path string, content []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("plant: %w", err)
	}
	_, err = f.Write(content)
	if st, failed := f.Stat(); err == nil && failed == nil && st.Size() > int64(len(content)) {
		err = f.Truncate(int64(len(content)))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("plant: %w", err)
	}
	return nil
}

// Content is what a version of a file holds: size bytes that no other version has, if there is
// room for that.
func Content(name string, version uint64, size int) []byte {
	text := make([]byte, size, size+8)
	source := rand.NewPCG(hash(name), version)
	for at := 0; at < size; at += 8 {
		binary.LittleEndian.PutUint64(text[at:at+8:cap(text)], source.Uint64())
	}
	return text
}

func hash(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // it never fails
	return h.Sum64()
}

func sizeOf(name string, average int) int { return int(hash(name) % uint64(2*average+1)) }

// parallel does do(0) to do(n-1) on all processors, in chunks.
func parallel(ctx context.Context, n int, do func(i int) error) error {
	const chunk = 256
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < n; from += chunk {
		group.Go(func() error {
			for i := from; i < min(from+chunk, n); i++ {
				if err := context.Cause(ctx); err != nil {
					return err
				}
				if err := do(i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
