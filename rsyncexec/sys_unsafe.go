//go:build linux

package rsyncexec

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This is the only file with x/sys and unsafe in it.

// memFile is an empty file in memory that can be sealed.
func memFile(name string) (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	// Linux 6.3 wants to be told that it is no program (vm.memfd_noexec); older ones answer
	// EINVAL to that.
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// seal forbids every further change of a file in memory.
func seal(f *os.File) error {
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	_, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals)
	return os.NewSyscallError("fcntl(F_ADD_SEALS)", err)
}

// dupFile is an own descriptor of what fd refers to.
func dupFile(fd int, name string) (*os.File, error) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("fcntl(F_DUPFD_CLOEXEC)", err)
	}
	return os.NewFile(uintptr(own), name), nil
}

// enlargePipe makes a pipe hold at least n bytes in whole pages.
func enlargePipe(fd uintptr, n int) error {
	have, err := unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0)
	if err == nil && have < n {
		have, err = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, n)
	}
	if err == nil && have < n {
		err = unix.EPERM
	}
	return os.NewSyscallError("fcntl(F_SETPIPE_SZ)", err)
}

// blockingPipe is a pipe outside the runtime's poller: its ends go to children or are used by
// calls that can't wait.
func blockingPipe() (r, w *os.File, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	return os.NewFile(uintptr(p[0]), "|0"), os.NewFile(uintptr(p[1]), "|1"), nil
}

// movePipe moves all n bytes in pipe r to pipe w, which must be empty and large enough: whole
// buffers, under the locks of both pipes, without a copy, an allocation or a wait
// (splice_pipe_to_pipe in fs/splice.c). Whoever is killed meanwhile has moved all or nothing.
func movePipe(r, w *os.File, n int) error {
	for {
		moved, err := unix.Splice(int(r.Fd()), nil, int(w.Fd()), nil, n, unix.SPLICE_F_NONBLOCK)
		switch {
		case errors.Is(err, unix.EINTR) && moved <= 0:
		case err != nil:
			return os.NewSyscallError("splice", err)
		case int(moved) != n:
			return fmt.Errorf("splice moved %d of %d bytes", moved, n)
		default:
			return nil
		}
	}
}

// waitExit waits until a child has ended and leaves it a zombie, so that its number, which is
// also its group's, can't yet be given to another.
func waitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// lowerPriority puts the calling thread, and what it forks from now on, at nice 19 and in the
// idle class of the disk scheduler. Both are per thread (setpriority(2), ioprio_set(2)).
func lowerPriority() {
	const whoProcess, idleClass = 1, 3 << 13
	// Neither fails for lowering, and a run at normal priority is still a right one.
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 19)
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, whoProcess, 0, idleClass)
}

// Accesses that a confined run is allowed. Directories can be given all of them, files only
// those in landlockFile.
const (
	landlockRead  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	landlockExec  = landlockRead | unix.LANDLOCK_ACCESS_FS_EXECUTE
	landlockWrite = landlockRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE
	// landlockSocket lets ssh share a connection: a master binds a socket and removes it at its end.
	// To connect to one is not among what is governed.
	landlockSocket = unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE
	landlockFile   = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
)

// landlockAccess is what a kernel of that ABI can govern, of what concerns us.
func landlockAccess(abi int) uint64 {
	access := uint64(landlockExec | landlockWrite)
	if abi < 2 {
		// ABI 1 forbids every rename and link between directories: rsync has temporary files in
		// the directory of the file, so it can live with that.
		access &^= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi < 3 {
		access &^= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	return access
}

// openPath opens what path leads to, for a rule; dir says whether it is a directory.
func openPath(path string) (f *os.File, dir bool, err error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	f = os.NewFile(uintptr(fd), path)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		f.Close()
		return nil, false, os.NewSyscallError("fstat", err)
	}
	return f, st.Mode&unix.S_IFMT == unix.S_IFDIR, nil
}

// landlockABI is the kernel's, 0 if it has none or it is not enabled.
func landlockABI() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0,
		unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// landlockRuleset is an empty ruleset that governs the given accesses to files.
func landlockRuleset(access uint64) (*os.File, error) {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: access}
	// Only the first field, as ABI 1 had it: later ones would be refused by older kernels.
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET,
		uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr.Handled_access_fs), 0)
	if errno != 0 {
		return nil, os.NewSyscallError("landlock_create_ruleset", errno)
	}
	return os.NewFile(fd, "landlock"), nil
}

// landlockAllow allows access below the directory, or to the file, that fd refers to.
func landlockAllow(ruleset *os.File, fd int, access uint64) error {
	attr := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, ruleset.Fd(),
		unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return os.NewSyscallError("landlock_add_rule", errno)
	}
	return nil
}

// landlockRestrict confines the calling thread, for ever, and what it forks from now on.
func landlockRestrict(ruleset *os.File) error {
	restrict := func() unix.Errno {
		_, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset.Fd(), 0, 0)
		return errno
	}
	errno := restrict()
	if errno == unix.EPERM {
		// Without CAP_SYS_ADMIN the thread must first give up gaining privileges by exec.
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return os.NewSyscallError("prctl(PR_SET_NO_NEW_PRIVS)", err)
		}
		errno = restrict()
	}
	if errno != 0 {
		return os.NewSyscallError("landlock_restrict_self", errno)
	}
	return nil
}
