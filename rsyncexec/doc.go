// Package rsyncexec makes an rsync run a value: what it is given, how it is started and ended,
// and what came of it. It knows rsync, its versions and its ways to fail, and nothing of what is
// worth sending: policy lives above.
//
// # Usage
//
//	r := rsyncexec.NewRunner(rsyncexec.Options{Dest: "rsync://host/module/"})
//	res, err := r.Run(ctx, rsyncexec.Invocation{
//		RootFD: root.FD(),
//		Items:  []rsyncexec.Item{{Path: "etc/hosts"}, {Path: "etc/old", Missing: true}},
//		Delete: rsyncexec.DeleteBudget, MaxDelete: 10,
//	})
//
// The source is always the pinned root's descriptor, never its path. The list of paths is never
// cut, however this process ends: rsync takes end of file as the end of the list, and a name cut
// in the middle can be the name of something innocent that is then deleted. A cold run reads a
// complete file in memory, or its operands if it has few; a warm run is given a complete list by one
// splice(2).
//
// Which options the rsync at the other end understands is found out by the difference of probes
// ([Runner.Probe]), never by its exit code or version alone, and each run takes the form that
// fits ([Branch]).
//
// # Concurrency
//
// A [Runner] may be used by many goroutines. That two runs do not write the same paths is the
// caller's business. A [Warm] has one caller, except for Close and Dead.
//
// # Shutdown
//
// A run that is no longer wanted (its context is done) gets SIGTERM as a process group, after
// [Options.Grace] SIGKILL, and is always waited for. A run never outlives this process: each is
// started from a thread that lives as long as the run does, with PR_SET_PDEATHSIG(SIGKILL), and
// inherits [Options.Lock], so that the next daemon can wait until the last run is gone.
//
// SIGKILL, because rsync answers SIGTERM only after its peer or its own timeout does, and a
// sender has nothing to tidy up: temporary files belong to the receiver, which sees the end of
// the connection.
//
// # Kernel
//
// Linux 3.10 or later. memfd_create(2) (3.17) has a fallback; Landlock (5.13) confines the run
// where it exists and is asked for.
package rsyncexec
