package guard

// Identity tells one directory from another. The zero value is a directory that is not there.
type Identity struct {
	// Dev and Ino are as stat(2) gives them. Dev means nothing after a reboot.
	Dev, Ino uint64
	// FSType is f_type of statfs(2).
	FSType int64
	// UUID is the filesystem's, "" where it has none or it could not be read.
	UUID string
}

// Verdict is what the identity of a root, or of a mount inside it, means for the pinned one.
type Verdict uint8

const (
	// Same: go on.
	Same Verdict = iota
	// Replaced: another directory on the same filesystem: a switched symlink, a root that was
	// made again. It is pinned anew, and the targets are in first contact.
	Replaced
	// Missing: nothing is there. Nothing is sent or deleted until it is back.
	Missing
	// OtherFS: a directory on another filesystem: something is unmounted, or mounted over it.
	// Nothing is sent or deleted until the pinned one is back.
	OtherFS
)

func (v Verdict) String() string {
	names := [...]string{
		Same: "same", Replaced: "replaced", Missing: "missing", OtherFS: "on another filesystem",
	}
	return names[v]
}

// Pauses reports whether nothing may be sent or deleted.
func (v Verdict) Pauses() bool { return v == Missing || v == OtherFS }

// Check compares what a path leads to now with what was pinned by this process.
func Check(now, pinned Identity) Verdict {
	return verdict(now, pinned, now.Dev == pinned.Dev)
}

// CheckStored compares with an identity from before a restart, when device numbers may have
// changed: by the filesystem's UUID, and where either has none, by its type.
func CheckStored(now, stored Identity) Verdict {
	if now.UUID != "" && stored.UUID != "" {
		return verdict(now, stored, now.UUID == stored.UUID)
	}
	return verdict(now, stored, now.FSType == stored.FSType)
}

func verdict(now, pinned Identity, sameFS bool) Verdict {
	switch {
	case now == Identity{}:
		return Missing
	case !sameFS:
		return OtherFS
	case now.Ino != pinned.Ino:
		return Replaced
	}
	return Same
}
