// Package child runs the programs that a benchmark measures and needs: sersync, rsync and rsync
// daemons, each in its own process group.
//
// # Usage
//
// [Start] begins a [Process]; [StartRsyncd] begins an rsync daemon with its modules on a free port
// of 127.0.0.1; [Listen] is a service manager's end of READY=1.
//
// # Shutdown
//
// Stop ends the whole group and returns when its leader was waited for. A process also dies with
// the benchmark (PR_SET_PDEATHSIG), also when that is killed.
package child
