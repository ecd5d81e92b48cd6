// Package resolve looks at what is on disk now for the paths that are owed to a target, and fixes
// what one rsync run is going to do about them.
//
// An event said that something was dirty; by the time a run may start the name can be gone, be of
// another type, or lie below what has become a symlink. So each owed path is looked at again at
// every attempt, component by component from the pinned root, and pruned to its topmost name that
// is not a real directory: nothing below a symlink, a file or a missing directory is ever listed,
// because rsync would make a directory of it or delete too much, with exit code 0.
//
// # Usage
//
//	r := resolve.New(resolve.Options{Root: root, Filter: rules})
//	plan, err := r.Resolve(ctx, task.KindContent, debts)
//
// Every debt ends in exactly one of these: paid by a success of the run ([task.Plan].Paid), paid
// if rsync says that it sent that very file (Carried), given back, itself or as the debts that
// replace it (Back), or dropped because it is about nothing (Drop). What is given back needs
// other flags than this run has, is still being written, cannot be read, or is too much for one
// run. All debts in a plan have one origin, since the origin decides whether a run may delete.
//
// Content debts are paths, and do not follow when a directory above is renamed: its new name is owed
// a Subtree with the Content bit. Where a Listing or a Subtree has that bit, each file below whose
// ctime is not older than the debt, less a margin, is owed its content.
//
// # Too large
//
// A Subtree that would take longer than Options.RunTime, at the rate of the last runs, becomes a
// Listing of itself and a Subtree of each child. A directory with more than 10,000 child
// directories, or with none, is not split. Files above Options.LargeFile run alone.
//
// # Files that are never closed
//
// A file with a write that no close has followed is probed with a read lease (fcntl(2)
// F_SETLEASE): if nobody can write to it, it is sent. Otherwise it waits, and is sent as it is
// once Options.Open.Wait has passed since the first unsent write, so that a log which is written
// for ever reaches the target every Wait. With OpenFiles.OnlyClose it never does.
//
// # Concurrency
//
// A Resolver may be used by many goroutines; it holds no descriptor of its own between calls.
// [Resolver.Resolve] reads directories and file attributes, never file content.
//
// # Shutdown
//
// Resolve returns soon after its context is done, with the context's error.
package resolve
