// Package demo shows the program at work on a machine that has nothing but rsync: it makes a tree,
// starts an rsync daemon on a free port of 127.0.0.1, has the tree mirrored to it, changes
// something about once a second, and prints for each change how long after the write the replica
// had the same.
//
// # Usage
//
// [Run] does all of it until its context is done. The mirroring itself is the caller's ([Mirror]).
//
// # Shutdown
//
// Run ends the mirroring, then the daemon, then removes the directory with all that it made. The
// daemon also dies with the process (PR_SET_PDEATHSIG).
package demo
