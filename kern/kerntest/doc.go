// Package kerntest is the suite that every [kern.Source] passes.
//
// # Usage
//
// A backend's test calls [Run] with a function that makes its [Subject]. A [Follower] drives the
// Source as the tracker does, with a reader, an owner of the table and walkers, and keeps a
// [Replica]: what a mirror would hold that looks only at what events name. In the end the replica
// must be what is on disk. Scripts (testdata/*.txtar) try one behaviour each, [Chaos] random
// changes by several writers.
//
// # Concurrency
//
// A Follower's methods may be called by the test's goroutine only.
package kerntest
