package daemon

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// Notice is the line from the background process to the one that waits in Detach.
type Notice struct {
	pipe *os.File
}

// Inherited returns the Notice if this process was started by Detach, else nil. It is called once,
// early, before anything is started that could inherit the descriptor.
func Inherited() (*Notice, error) {
	value, ok := os.LookupEnv(noticeEnv)
	if !ok {
		return nil, nil //nolint:nilnil // no notice is the ordinary case
	}
	if err := os.Unsetenv(noticeEnv); err != nil {
		return nil, fmt.Errorf("unset %s: %w", noticeEnv, err)
	}
	fd, err := strconv.Atoi(value)
	if err != nil || fd <= 2 {
		return nil, fmt.Errorf("environment: %s=%q is no descriptor; it is set by sersync -d alone", noticeEnv, value)
	}
	syscall.CloseOnExec(fd)
	syscall.Umask(0o022)
	return &Notice{pipe: os.NewFile(uintptr(fd), "notice")}, nil
}

// Ready lets go of the terminal, standard error going to log (nil: to /dev/null) from then on, and
// tells the process that waits in Detach to exit. Calling it again, or on nil, does nothing.
func (n *Notice) Ready(log *os.File) error {
	if n == nil || n.pipe == nil {
		return nil
	}
	if log == nil {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("let go of the terminal: %w", err)
		}
		defer null.Close()
		log = null
	}
	if err := syscall.Dup3(int(log.Fd()), syscall.Stderr, 0); err != nil {
		return fmt.Errorf("let go of the terminal: %w", err)
	}
	// If nobody waits any more, nobody misses it.
	_, _ = n.pipe.Write([]byte{'\n'})
	err := n.pipe.Close()
	n.pipe = nil
	return err
}
