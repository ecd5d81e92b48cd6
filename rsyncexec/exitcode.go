package rsyncexec

import "strconv"

// ExitCode is rsync's exit code, or 128 plus the signal that ended it, or ExitNone.
type ExitCode int

// rsync's codes (errcode.h), those of a remote shell, and one of ours.
const (
	ExitNone        ExitCode = -1 // it could not be started
	ExitOK          ExitCode = 0
	ExitSyntax      ExitCode = 1
	ExitProtocol    ExitCode = 2
	ExitFileSelect  ExitCode = 3
	ExitUnsupported ExitCode = 4
	ExitStartClient ExitCode = 5
	ExitSocketIO    ExitCode = 10
	ExitFileIO      ExitCode = 11
	ExitStreamIO    ExitCode = 12
	ExitMessageIO   ExitCode = 13
	ExitIPC         ExitCode = 14
	ExitCrashed     ExitCode = 15
	ExitTerminated  ExitCode = 16
	ExitSignal1     ExitCode = 19
	ExitSignal      ExitCode = 20
	ExitWaitChild   ExitCode = 21
	ExitMalloc      ExitCode = 22
	ExitPartial     ExitCode = 23
	ExitVanished    ExitCode = 24
	ExitDelLimit    ExitCode = 25
	ExitTimeout     ExitCode = 30
	ExitConTimeout  ExitCode = 35
	ExitCmdFailed   ExitCode = 124
	ExitCmdKilled   ExitCode = 125
	ExitCmdRun      ExitCode = 126
	ExitCmdNotFound ExitCode = 127
	ExitShell       ExitCode = 255
)

// String is rsync's own word for the code (log.c).
func (c ExitCode) String() string {
	switch c {
	case ExitNone:
		return "could not be started"
	case ExitOK:
		return "success"
	case ExitSyntax:
		return "syntax or usage error"
	case ExitProtocol:
		return "protocol incompatibility"
	case ExitFileSelect:
		return "errors selecting input/output files, dirs"
	case ExitUnsupported:
		return "requested action not supported"
	case ExitStartClient:
		return "error starting client-server protocol"
	case ExitPartial:
		return "some files/attrs were not transferred"
	case ExitVanished:
		return "some files vanished before they could be transferred"
	case ExitDelLimit:
		return "the --max-delete limit stopped deletions"
	case ExitTimeout:
		return "timeout in data send/receive"
	case ExitConTimeout:
		return "timeout waiting for daemon connection"
	case ExitSignal1, ExitSignal:
		return "received a signal"
	case ExitCmdNotFound:
		return "remote command not found"
	case ExitShell:
		return "remote shell failed"
	}
	return c.rest()
}

func (c ExitCode) rest() string {
	switch c {
	case ExitSocketIO:
		return "error in socket IO"
	case ExitFileIO:
		return "error in file IO"
	case ExitStreamIO:
		return "error in rsync protocol data stream"
	case ExitMessageIO:
		return "errors with program diagnostics"
	case ExitIPC:
		return "error in IPC code"
	case ExitCrashed:
		return "sibling process crashed"
	case ExitTerminated:
		return "sibling process terminated abnormally"
	case ExitWaitChild:
		return "waitpid() failed"
	case ExitMalloc:
		return "error allocating core memory buffers"
	case ExitCmdFailed:
		return "remote shell failed"
	case ExitCmdKilled:
		return "remote shell killed"
	case ExitCmdRun:
		return "remote command could not be run"
	}
	if c > 128 && c < 128+65 {
		return "killed by signal " + strconv.Itoa(int(c-128))
	}
	return "unknown exit code"
}

// doubtful codes can mean that the other end does not know an option that it was thought to
// know: it is asked again before the next run.
func (c ExitCode) doubtful() bool {
	switch c {
	case ExitSyntax, ExitProtocol, ExitUnsupported, ExitSocketIO, ExitStreamIO:
		return true
	}
	return false
}
