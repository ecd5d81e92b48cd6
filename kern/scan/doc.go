// Package scan walks and looks at trees at the speed of the disk, from a pinned root downwards and
// without ever following a symlink below it.
//
// # Usage
//
// [OpenRoot] pins the directory that a path leads to. [Root.Recheck] says whether the path still
// leads there, [Root.Mounts] what is mounted below. [Root.Walk] reads the whole tree or a part of
// it in parallel; [Root.Looker] answers what is at a path now; [Looker.Leased] whether somebody
// can still write to a file.
//
// Paths are relative to the root, without leading or trailing slash, "" for the root itself, and
// their components are any bytes but NUL and '/'; "." and ".." are refused.
//
// # Concurrency
//
// Every method of a Root but Close may be called by many goroutines. A [Looker] belongs to one
// goroutine. The callbacks of a walk are called from several goroutines at once, and what they are
// given lies in buffers that are used again when they return.
//
// # Shutdown
//
// Walk ends soon after its context: it looks at it before each directory and each buffer of
// entries, and no goroutine and no descriptor of it is left when it returns. Close a Root after
// the last user of it has ended.
//
// # Kernel
//
// openat2(2) with RESOLVE_NO_XDEV and RESOLVE_NO_SYMLINKS (Linux 5.6) and statx(2) with
// STATX_ATTR_MOUNT_ROOT (5.8) are asked for once per Root. Where they are missing, or a seccomp
// filter refuses them, openat(2) component by component, fstatat(2) and the mount id that
// name_to_handle_at(2) tells give the same answers with more system calls.
//
// A directory is opened with O_NOFOLLOW and entries are looked at relative to its descriptor, so a
// rename or a symlink put in place while we are at it never leads out of the tree. A btrfs
// subvolume that lies in the tree is a directory of it; a mount is not, unless crossing is asked.
package scan
