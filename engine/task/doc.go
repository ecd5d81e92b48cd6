// Package task holds the shared words of delivery, without logic: what is owed to a target and
// why, what one run is going to do, and how it ended.
//
// A change becomes a [Debt] of every target. A run resolves debts into a [Plan], the [Outcome]
// of the run pays them. A debt is paid only by a successful run that resolved it.
package task
