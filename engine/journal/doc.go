// Package journal keeps what must outlive the process, in one state directory for each config: who
// the roots and the mounts below them are, what is known of each target, and a lock that a new
// daemon waits for until the last run of the old one is gone.
//
// # Usage
//
//	stateRoot, err := journal.StateRoot(os.Getuid(), os.Getenv)
//	dir := filepath.Join(stateRoot, journal.FolderOf(configFile))
//	j, err := journal.Open(ctx, dir, journal.Options{Wait: true})
//	defer j.Close()
//
// [Journal.LockFile] is handed to every rsync run, which inherits it. A database that cannot be
// read, or whose records fail their checksum, is set aside under another name, and the journal
// begins anew, which means first contact with every target; [Journal.Damage] says so.
// [Destinations] reads, without any lock, where the other configs of this host send to, and
// [Config.Holder] whether one of them is at it now.
//
// # Format
//
// A bbolt file of three buckets: meta, trees and targets. A record is a version byte, its fields
// and a CRC-32C over its key and all of that, because bbolt has checksums only for its roots. Open
// reads all of it and writes it to a new file. A file of a later format is refused, never set
// aside.
//
// # Concurrency
//
// A Journal may be used by many goroutines. Reads are answered from memory. A write returns when
// it is on disk, after two fsyncs, and must stay off the way of a change to its target.
//
// # Shutdown
//
// [Journal.Close] closes the database and our descriptor of the lock. Runs that are still going on
// hold theirs, so the lock is free when the last of them has ended. It is never unlocked: a lock of
// flock(2) belongs to the open file, and that would take it from them too.
package journal
