// Package rsynctest starts real rsync targets for tests: daemons and an sshd on free ports of
// 127.0.0.1, stand-ins for a remote shell and for old receivers, and a picture of a tree that two
// ends can be compared by.
//
// # Usage
//
//	d := rsynctest.Daemon(t, rsynctest.Options{})
//	// d.URL("m") is rsync://127.0.0.1:PORT/m/, d.Path("m") the directory behind it.
//
//	s := rsynctest.SSHD(t)
//	// rsync -e s.RSH() SRC/ s.Dest(dir)
//
// # Shutdown
//
// Everything that is started ends with the test that started it, and with the test process, also
// when that is killed (PR_SET_PDEATHSIG).
package rsynctest
