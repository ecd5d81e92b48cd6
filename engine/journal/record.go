package journal

import "time"

// Identity says which directory this is, across reboots: by the filesystem's UUID and the inode,
// and where no UUID is known by the filesystem's type and the inode.
type Identity struct {
	UUID   string // in lower case; "" where it is not known
	FSType int64  // f_type of statfs(2)
	Ino    uint64
}

// Same reports whether both are the same directory.
func (i Identity) Same(o Identity) bool {
	if i.UUID != "" || o.UUID != "" {
		return i.UUID == o.UUID && i.Ino == o.Ino
	}
	return i.FSType == o.FSType && i.Ino == o.Ino
}

// SameFS reports whether both may be on the same filesystem; without a UUID the type decides.
func (i Identity) SameFS(o Identity) bool {
	if i.UUID != "" || o.UUID != "" {
		return i.UUID == o.UUID
	}
	return i.FSType == o.FSType
}

// Mount is a filesystem that was mounted below a root.
type Mount struct {
	Path     string // of the mount point, relative to the root
	Identity Identity
}

// Tree is what is remembered of a source.
type Tree struct {
	Root   Identity
	Mounts []Mount // those that belong to the tree
}

// Target is what is remembered of one destination of one source.
type Target struct {
	// Contact is the guard's word for what is known of names that only the target has.
	Contact string
	// LastPass is when the last full pass began that ended well; zero: none did.
	LastPass time.Time
}
