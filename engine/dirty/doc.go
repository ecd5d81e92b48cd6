// Package dirty holds what has changed until it has settled.
//
// # Usage
//
// [Set.Add] records that a name in a directory is dirty; the same name again costs a hash look-up
// and nothing more. [Set.Due] says when a batch is worth taking, [Set.Take] takes it. At idle a
// change is due at once; in a burst the set waits until it has been quiet for a moment, and no
// longer than [Options.MaxAge]; a name that was handed out less than [Options.Pace] ago waits
// until that is over, so that a file rewritten without pause is not sent without pause. A directory
// that appears waits up to [Options.Walk] for the end of its walk, and a burst in which names only
// leave [Options.Leaving] times as long as others: the last of them may stand for all.
//
// # Bounds
//
// At [Options.Ceiling] names the set takes no more: Add says so and its owner stops reading until
// a batch is taken. Nothing is collapsed or forgotten here.
//
// # Concurrency
//
// A Set has one owner and no lock. Time is a parameter, in nanoseconds of any clock that the
// owner uses throughout; nothing here asks for the time, starts a goroutine or makes a call.
//
// # Cost
//
// No allocation per Add in the steady state. Entries, names and the index are pointer-free, so
// that millions of them cost the garbage collector nothing.
package dirty
