// Package guard decides how many names a run may delete on a target. It is pure: no descriptor, no
// process, no clock of its own.
//
// # Usage
//
// A [Guard] belongs to one target. Before a run it is asked for a [Budget], after it, it is told
// what the run did ([Guard.Spent]), and at the end of a full pass what that left
// ([Guard.PassEnded]). [Check] compares the identity of a root with the pinned one.
//
// Three things narrow a budget, and the narrowest wins: the delete [Mode] that a person chose; the
// [Contact], which is what is known about names that only the target has; and the [Limit] of
// deletions an hour. A run that may delete nothing still carries rsync's delete options, with a
// budget of 0, so that rsync counts what it would have deleted; only [Never] leaves them out.
//
// # Concurrency
//
// A Guard may be used by several goroutines at once. Budgets that are out at the same time never
// add up to more than the limit.
package guard
