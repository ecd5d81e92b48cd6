// Package daemon puts the program into the background and speaks to what supervises it: the shell
// that started it, the pid file's readers, systemd and its journal.
//
// # Usage
//
// The process that the user started calls [Detach] and exits with its result. The process that
// Detach starts runs the same command line; [Inherited] tells it that it is that one, and once
// config, lock and watches stand it calls [Notice.Ready], upon which Detach returns in the other.
//
// Until Ready the background process has the user's standard error, so that whatever goes wrong
// at the start is read by the person who is waiting; afterwards it has nothing of the terminal.
//
// # Shutdown
//
// A background process that ends before it called Ready ends Detach with an error. The context of
// Detach being done ends the background process.
package daemon
