// Package kern holds the words of a change source: what a backend (inotify, and later fanotify
// and eBPF) says to the tracker, and the table of directories that both of them share.
//
// # Usage
//
// A [Source] watches trees. One goroutine, the reader, calls [Source.Read] in a loop and hands
// the filled buffers over; another, the tracker, calls [Source.Decode] and owns the [DirTable].
// Walkers call [Source.Enter], which puts a directory and all below it under watch and publishes
// what it found; the tracker takes what was published inside Decode, before the first record.
//
// # Concurrency
//
// Read, Decode and Locate each have exactly one caller. Enter may be called by many goroutines.
// The DirTable belongs to the goroutine that calls Decode.
//
// # Shutdown
//
// [Source.Close] wakes Read, which returns [ErrClosed] from then on.
//
// # Kernel
//
// An event is a hint that something is dirty, never an instruction: kernels merge and reorder
// events (fanotify(7), inotify(7)), so nothing here replays them. What is on disk decides.
package kern
