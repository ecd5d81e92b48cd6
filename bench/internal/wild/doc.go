// Package wild changes a tree at random, from a seed, in the ways that lose a mirror: names reused
// with another type, directories renamed under open files, trees moved in and out, stores through
// mappings, names that no shell would survive.
//
// # Usage
//
// [New] begins with a directory, and another one on the same filesystem that things are moved out to
// and in from. Each [Wild.Step] makes one change, of one or of hundreds of system calls, and says
// what it did; [Wild.Settle] closes what was left open. The changes depend only on the options and
// on what the tree held at the beginning: the same seed makes the same tree again.
//
// What no watcher can see is not done: writing, from outside the tree, to a file of which another
// name is inside, and writing through a descriptor whose name is gone while another name of the
// file lives elsewhere.
//
// # Concurrency
//
// A Wild belongs to one goroutine, and nobody else changes the tree.
package wild
