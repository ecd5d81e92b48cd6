package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	storeName = "journal.db"
	// formatVersion is that of the buckets; records have their own.
	formatVersion = 1
	// storeTimeout bounds the wait for bbolt's own lock. Ours is held already, so only a person
	// with the bbolt tool can have it.
	storeTimeout = 5 * time.Second
)

var (
	bucketMeta    = []byte("meta")
	bucketTrees   = []byte("trees")
	bucketTargets = []byte("targets")
	keyFormat     = []byte("format")
)

// errDamaged is wrapped around what is wrong with a file that cannot be used.
var errDamaged = errors.New("damaged")

// FormatError says that a later version of sersync wrote the file.
type FormatError struct {
	Path    string
	Version uint64
}

// Error names the remedy.
func (e *FormatError) Error() string {
	return fmt.Sprintf("%s has format %d, this sersync knows %d: use the newer one, or remove the file "+
		"and start with first contact", e.Path, e.Version, formatVersion)
}

func storeOptions() *bbolt.Options {
	return &bbolt.Options{
		Timeout:        storeTimeout,
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
		NoStatistics:   true,
	}
}

// createStore writes a database of these records in place of the one at path. So no list of free
// pages is ever taken over from an old file: bbolt believes it, or else walks all pages in a
// goroutine of its own, where a damaged one ends the process.
func createStore(path string, m memory) (db *bbolt.DB, err error) {
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove unfinished journal: %w", err)
	}
	if db, err = bbolt.Open(fresh, 0o600, storeOptions()); err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	err = db.Update(m.write)
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write journal: %w", err), db.Close())
	}
	return db, nil
}

// write puts everything into an empty database.
func (m *memory) write(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucket(bucketMeta)
	if err != nil {
		return err
	}
	return errors.Join(
		meta.Put(keyFormat, binary.AppendUvarint(nil, formatVersion)),
		putAll(tx, bucketTrees, encodeTree, m.trees),
		putAll(tx, bucketTargets, encodeTarget, m.targets),
	)
}

func putAll[T any](
	tx *bbolt.Tx, bucket []byte, encode func(key []byte, record T) []byte, from map[string]T,
) error {
	b, err := tx.CreateBucket(bucket)
	if err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(from)) {
		if err := b.Put([]byte(k), encode([]byte(k), from[k])); err != nil {
			return err
		}
	}
	return nil
}

// memory is all that the database holds.
type memory struct {
	trees   map[string]Tree
	targets map[string]Target
}

func newMemory() memory {
	return memory{trees: make(map[string]Tree), targets: make(map[string]Target)}
}

// readStore reads the whole database. Whatever a damaged page leads to is an error, wrapped around
// errDamaged.
func readStore(path string) (memory, error) {
	m := newMemory()
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) || err == nil && fi.Size() == 0:
		return m, nil
	case err != nil:
		return m, fmt.Errorf("look at journal: %w", err)
	}
	err = guarded(func() (err error) {
		o := storeOptions()
		o.ReadOnly = true
		db, err := bbolt.Open(path, 0, o)
		if err != nil {
			return openError(path, err)
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		return db.View(func(tx *bbolt.Tx) error { return m.read(tx, path, fi.Size()) })
	})
	return m, err
}

// openError tells a damaged file from one that could not be opened.
func openError(path string, err error) error {
	for _, damage := range []error{berrors.ErrInvalid, berrors.ErrChecksum, berrors.ErrVersionMismatch} {
		if errors.Is(err, damage) {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
	}
	return fmt.Errorf("open %s: %w", path, err)
}

// guarded turns what damaged pages do to bbolt, panics and faults in its mapping, into an error.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return f()
}

// read takes everything out of the database and checks it.
func (m *memory) read(tx *bbolt.Tx, path string, size int64) error {
	if tx.Size() > size {
		return fmt.Errorf("%w: %d bytes, should have %d", errDamaged, size, tx.Size())
	}
	if meta := tx.Bucket(bucketMeta); meta != nil {
		v, n := binary.Uvarint(meta.Get(keyFormat))
		if n > 0 && v > formatVersion {
			return &FormatError{Path: path, Version: v}
		}
	}
	return errors.Join(
		each(tx, bucketTrees, decodeTree, m.trees), each(tx, bucketTargets, decodeTarget, m.targets),
	)
}

// each decodes the records of a bucket into a map.
func each[T any](
	tx *bbolt.Tx, bucket []byte, decode func(key, b []byte) (T, error), into map[string]T,
) error {
	b := tx.Bucket(bucket)
	if b == nil {
		return nil
	}
	return b.ForEach(func(k, v []byte) error {
		record, err := decode(k, v)
		if err != nil {
			return fmt.Errorf("%w: %s %q: %w", errDamaged, bucket, k, err)
		}
		into[string(k)] = record
		return nil
	})
}

// setAside renames a damaged database, so that it can be looked at, and returns its new name.
func setAside(path string, now time.Time) (string, error) {
	aside := path + ".damaged-" + now.UTC().Format("20060102T150405.000000000")
	if err := os.Rename(path, aside); err != nil {
		return "", fmt.Errorf("set damaged journal aside: %w", err)
	}
	return aside, nil
}
