package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Options of Open. The zero value works.
type Options struct {
	// Wait waits for a lock that somebody holds, until the context is done. Without it Open fails
	// with ErrLocked.
	Wait bool
	// Waiting is called once if there is something to wait for, with the process that took the lock
	// (0: not known). May be nil.
	Waiting func(pid int)
	// Now is the clock that dates what is set aside. Default time.Now.
	Now func() time.Time
}

// Damage says that a database was unusable.
type Damage struct {
	Aside string // where it is now
	Err   error  // what is wrong with it
}

// Journal is an open state directory.
type Journal struct {
	dir    string
	lock   *os.File
	damage *Damage

	mu     sync.Mutex
	db     *bbolt.DB // nil after Close
	memory memory
}

// Open creates the state directory if need be, takes its lock and reads the database. It fails with
// ErrLocked (a *LockedError), a *FormatError, or an error of the disk.
func Open(ctx context.Context, dir string, o Options) (*Journal, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make state directory: %w", err)
	}
	held, err := lock(ctx, dir, o.Wait, o.Waiting)
	if err != nil {
		return nil, err
	}
	j := &Journal{dir: dir, lock: held}
	if err := j.open(o.Now); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return j, nil
}

// open reads the database, sets it aside if it is damaged, and writes it anew.
func (j *Journal) open(now func() time.Time) error {
	path := filepath.Join(j.dir, storeName)
	m, err := readStore(path)
	if errors.Is(err, errDamaged) {
		aside, renameErr := setAside(path, now())
		if renameErr != nil {
			return errors.Join(renameErr, err)
		}
		j.damage = &Damage{Aside: aside, Err: err}
		m, err = newMemory(), nil
	}
	if err != nil {
		return err
	}
	j.memory = m
	j.db, err = createStore(path, m)
	return err
}

// Dir returns the state directory.
func (j *Journal) Dir() string { return j.dir }

// LockFile returns the descriptor that holds the lock, for runs to inherit. It stays the
// journal's: nobody else may close or unlock it.
func (j *Journal) LockFile() *os.File { return j.lock }

// Damage returns what was wrong with the database that Open found, or nil.
func (j *Journal) Damage() *Damage { return j.damage }

// Tree returns what is remembered of the source at root; ok is false if nothing is.
func (j *Journal) Tree(root string) (t Tree, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	t, ok = j.memory.trees[root]
	t.Mounts = slices.Clone(t.Mounts)
	return t, ok
}

// SetTree remembers the source at root.
func (j *Journal) SetTree(root string, t Tree) error {
	t.Mounts = slices.Clone(t.Mounts)
	j.mu.Lock()
	defer j.mu.Unlock()
	key := []byte(root)
	if err := j.putLocked(bucketTrees, key, encodeTree(key, t)); err != nil {
		return fmt.Errorf("remember tree %s: %w", root, err)
	}
	j.memory.trees[root] = t
	return nil
}

// Target returns what is remembered of a destination of the source at root; the zero Target is
// first contact.
func (j *Journal) Target(root, destination string) Target {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.memory.targets[targetKey(root, destination)]
}

// SetTarget remembers a destination of the source at root.
func (j *Journal) SetTarget(root, destination string, t Target) error {
	t.LastPass = t.LastPass.Round(0)
	j.mu.Lock()
	defer j.mu.Unlock()
	key := targetKey(root, destination)
	if err := j.putLocked(bucketTargets, []byte(key), encodeTarget([]byte(key), t)); err != nil {
		return fmt.Errorf("remember target %s: %w", destination, err)
	}
	j.memory.targets[key] = t
	return nil
}

// targetKey joins both; paths have no NUL.
func targetKey(root, destination string) string { return root + "\x00" + destination }

// putLocked writes one record. What is there already is not written again.
func (j *Journal) putLocked(bucket, key, value []byte) error {
	if j.db == nil {
		return os.ErrClosed
	}
	same := false
	if err := j.db.View(func(tx *bbolt.Tx) error {
		same = bytes.Equal(tx.Bucket(bucket).Get(key), value)
		return nil
	}); err != nil || same {
		return err
	}
	return j.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put(key, value) })
}

// Close closes the database and gives the lock up, as far as it is ours. A second Close does
// nothing.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.db == nil {
		return nil
	}
	db := j.db
	j.db = nil
	return errors.Join(db.Close(), j.lock.Close())
}
