// Package arrival tells when a file on the replica holds the bytes that were written at the source.
//
// # Usage
//
// A [Watch] sleeps on inotify, so that waiting takes no processor from what is measured, and reads
// the file after each event in its directory. [Poll] is for a path whose directory may not be there
// yet: it looks every millisecond. [Calibrate] is what a Watch adds by itself.
//
// # Concurrency
//
// A Watch belongs to one goroutine.
package arrival
