package plant

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Rewrite writes the files again, times in all, each in its turn and at full speed.
func Rewrite(ctx context.Context, root string, files []string, times int) error {
	const size = 512
	for i := range times {
		if i%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := files[i%len(files)]
		if err := Write(filepath.Join(root, name), Content(name, uint64(i+1), size)); err != nil {
			return err
		}
	}
	return nil
}

// Touch gives a share of the files, spread evenly, another version of the same size.
func Touch(ctx context.Context, root string, files []string, share float64, version uint64) (changed int, err error) {
	step := max(1, int(1/share))
	n := (len(files) + step - 1) / step
	return n, parallel(ctx, n, func(i int) error {
		path := filepath.Join(root, files[i*step])
		st, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("plant: %w", err)
		}
		return Write(path, Content(files[i*step], version, int(st.Size())))
	})
}

// Large writes one file of size bytes, none of them a hole, and closes it.
func Large(ctx context.Context, path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("plant: %w", err)
	}
	defer f.Close()
	const block = 1 << 20
	out := bufio.NewWriterSize(f, 4*block)
	source := rand.NewPCG(uint64(size), 1)
	for left := size; left > 0; left -= block {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		text := Content(path, source.Uint64(), int(min(left, block)))
		if _, err := out.Write(text); err != nil {
			return fmt.Errorf("plant: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("plant: %w", err)
	}
	return f.Close()
}
