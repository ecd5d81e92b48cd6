// Package deliver pays what is owed to a target: it queues debts, has them looked at, starts runs
// that never overlap, and owes again what a run did not do.
//
// # Usage
//
// A [Target] has one [Queue] and its workers. [Target.Add] owes debts. A worker takes some of one
// kind ([Queue.Take]), asks the [Resolver] what is on disk now, has the [task.Plan] admitted
// ([Queue.Admit]), asks the guard for a deletion budget, and gives the plan to the [Runner]. What
// the run did decides about each debt: paid, owed again at once, or waiting for a [task.Reason].
//
// Three rules keep a change from being lost. A debt leaves the queue only by a run that was
// resolved after the debt came and that succeeded; what comes during a run is a new debt. What is
// owed by content is never paid by a quick check, unless that sent the very file. And whatever
// becomes fewer debts (merged, absorbed by a Subtree, collapsed at the ceiling) covers at least
// what it replaces.
//
// A target that is down is tried by one short run at a time. One that is full is not down: what fits
// goes on, and what does not is tried alone. Where its directory was missing, or a run finds that it
// has lost one, that is owed as a whole.
//
// # Concurrency
//
// All methods may be called from any goroutine; none but Run, Drain and the Waits blocks. Targets
// share nothing, so one that hangs delays no other. The order of locks is Target, then Queue, then
// Guard; neither a Resolver, nor a Runner, nor an Observer is called with one held.
//
// Two runs of a target never write the same path, nor one inside what the other writes recursively.
// Directories above what a run writes are shared: rsync sends their attributes with every run, so
// when a run ends that a younger one has overtaken, the directories of both are owed again.
//
// # Shutdown
//
// [Target.Run] blocks until all workers have ended. [Target.Drain] ends it gently: live debts are
// paid until its context ends, bulk is not begun, and then the runs under way are cancelled. What
// is owed then stays in the Queue ([Queue.Unpaid]).
package deliver
