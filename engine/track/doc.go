// Package track follows trees through a kern.Source: it decodes what the kernel says, keeps the
// table of directories, and holds what is dirty until the dispatcher takes it.
//
// # Usage
//
// [New] makes a Tracker over a Source, [Tracker.Run] runs it, [Tracker.Next] waits for the next
// batch of debts. [Tracker.Mark] makes a part of a tree dirty by hand: a full pass is a Mark of
// the root as a subtree.
//
// # Concurrency
//
// Three kinds of goroutines, all begun and awaited by Run. The reader only reads: it moves whole
// buffers from the kernel to the tracker, and stops when all buffers are full, so that the
// kernel's queue is the next buffer and its overflow the only loss. The tracker owns the table
// and the dirty set and makes no call that can wait for a disk. Walkers enter directories that
// appeared. Buffers go round through two channels: since each holds hundreds of events under
// load, what a hand-over costs does not matter, and a channel can be waited for with the rest.
//
// A directory that appears (created, moved here, either side of a rename) is one Subtree mark,
// set when its walk is asked for and again when the walk has ended: what changed in it before its
// watches stood is covered by the second.
//
// # Shutdown
//
// When Run's context ends the walkers end first, and leave their marks; then the Source is
// finished: the reader takes what the kernel has queued and leaves with kern.ErrClosed, the tracker
// decodes it, and Next returns what is dirty, at once, until nothing is left, and ErrEnded after
// that.
package track
