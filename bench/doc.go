// Package bench measures sersync from end to end: a tree of its own, rsync daemons of its own on
// free ports of 127.0.0.1, the program as a child process, and a clock that stops when the replica
// holds the same bytes. It treats the program as a black box.
//
// # Usage
//
// [Run] runs the scenarios of a [Config] and prints, for each, a line in the format of Go's
// benchmarks and in the end a table of what was reached against what was aimed at. [Soak] is about
// being right instead of being fast: it changes a tree at random under a running [Mirror], which
// need not be the program, and compares the two ends every few seconds.
//
// Every scenario ends by comparing source and replica completely, and fails if they differ. Where a
// target is a ratio, both sides of it are measured in one run, in turn.
//
// # Concurrency
//
// Scenarios run one after the other. Run and Soak may be called from several goroutines; the
// machine will not like it.
//
// # Shutdown
//
// Run and Soak return when their context is done, after every process that they started has ended
// and, unless they are to be kept, every file that they made is removed. The processes also die
// with this one (PR_SET_PDEATHSIG).
package bench
