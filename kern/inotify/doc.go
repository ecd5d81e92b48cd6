// Package inotify is a [kern.Source] over inotify(7): one watch for each directory, followed
// through every rename.
//
// # Usage
//
// [New] makes an instance. [Source.AddRoot] puts a tree under watch, [Source.Enter] a directory
// that appeared in it, [Source.Rewalk] the whole tree again after a loss. The events that
// [Source.Decode] emits say which names are in doubt. The owner of the table, who calls Decode,
//
//   - calls Enter for every Create of a directory which [kern.DirTable.Covered] does not know to
//     be seen since, and for an Attrib of a directory that the table does not have (one that could
//     not be read may be readable now);
//   - holds everything below a directory in doubt when such a walk begins and again after it has
//     returned;
//   - calls [Source.Reap] when it said it wants to be called.
//
// # Concurrency
//
// Read belongs to one goroutine, Decode and Reap to another one, which owns the table. Everything
// else may be called by many. A walker never touches the table: it publishes what it found, and
// Decode takes that in before it looks at a record.
//
// # Why nothing is lost
//
// The unit is a pair of a directory P under watch and a name n in it. Four rules hold.
//
// Watch, publish, read. A walker adds the watch of a directory first, publishes (key of P, n, key,
// stamp) next, and reads the entries last. A directory made in it before the watch is among the
// entries; one made after raises an event.
//
// A sight is true. Directories below the one that a walk starts from are opened relative to the
// descriptor of their parent. The one that it starts from is opened by a path, which the owner of
// the table gave some time ago and which may lead elsewhere now; so the walker asks the kernel for
// the watch of its "..", and lets the matter rest if that is not the parent it was told. Then the
// parent is elsewhere, and whatever brought it there raises a Create of its own.
//
// A stamp is taken before the directory is opened. It is the number of the read(2) round under
// way, so a publication stamped later than the round that carried an event has seen the disk after
// that event; one stamped earlier may have seen either. Of two sights of one directory, or of one
// name, the table keeps the one with the later stamp, and events never undo a later stamp
// ([kern.DirTable.Put]). Where the order can't be told, the table may be wrong for a while, in
// either direction.
//
// Who is named is looked at. Any directory that comes to be at (P, n) raises a Create, and then
// either the table knows a later stamp there or a new walk is made, whose stamp is later. The
// first half of a rename that takes a directory away from (P, n) is a Create too, because
// RENAME_EXCHANGE looks like two renames in a row and its events do not end with whom the disk
// ends with. So the last event that moves somebody to or from (P, n) is followed by a sight of what
// is there now that nothing older can overrule, and a wrong guess ends. Pairing the two halves of
// a rename by their cookie moves the node at once, so that a large tree goes on reporting under its
// new name, but is never relied upon. Below a directory that was entered the rules hold again.
//
// What was reported under a wrong name, or dropped, meanwhile is covered by the mark which the
// owner sets after the walk has returned: a walk's publications are in the table before the first
// record decoded after that, because they were published before it returned and Decode takes in
// everything that was published. A record whose descriptor is not known yet was queued before its
// walker published it, hence before that walk's end; it is kept aside and decoded after the
// publication, up to a bound (a tree's first walk may have no mark at its end), and past the bound
// dropped and counted. Events of a detached directory are dropped: it left the trees, or comes
// back with a walk.
//
// # Watches that nobody wants
//
// A directory that was moved out of the trees keeps its watch until Reap removes it and all below
// it. A walker may be watching it again at that moment, and the kernel would hand it the
// descriptor that is being removed. So adding a watch and publishing it are one step under a
// shared lock, and Reap, under the exclusive one, takes in what was published before it decides. A
// descriptor is forgotten only when the kernel says IN_IGNORED, or that it does not know it.
//
// A walker may be so slow that a directory has left the trees, and Decode has seen it leave, before
// the walker publishes that it was there. So departures are remembered while walks are under way: a
// sight that may be older than one is not believed, and its name is looked at once more.
//
// # Shutdown
//
// [Source.Close] wakes Read; walks end with [kern.ErrClosed]. The Source has no goroutine.
//
// # Kernel
//
// Watches are added through /proc/self/fd, so no rename and no symlink between opening a directory
// and watching it leads elsewhere; that needs /proc. IN_MASK_CREATE (4.18) is not used: a
// directory that is watched already has to give its descriptor, to be published where it is now,
// and EEXIST would not; the mask is always the same, so adding again changes nothing. Nor is
// IN_EXCL_UNLINK: it hides the writes to a file made with O_TMPFILE and linked later, and to one
// whose first name was unlinked. A directory that is reachable twice (a bind mount inside its own
// tree) has one descriptor, and reports under the name seen last.
package inotify
