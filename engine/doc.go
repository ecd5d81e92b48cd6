// Package engine wires a mirror together: trees, what watches them, what is owed to their targets,
// and what pays it.
//
// # Usage
//
// [New] looks at a config and pins its roots. [Engine.Run] mirrors until its context ends;
// [Engine.Sync] makes one full pass. [Preflight] says what would be in the way of either.
//
// # Concurrency
//
// Run begins everything in one place, on one group, in the order in which a change travels; it
// returns when all of it has ended.
//
// # Shutdown
//
// The Source closes first. What is dirty by then goes to the queues; the targets pay what they can
// within [DrainTimeout], then their runs are ended; what is still owed is counted in the log.
// [Engine.Kill] does without the waiting.
package engine
