package rsyncexec

import (
	"encoding/binary"
	"fmt"
	"os"
)

// readsStdin says that a warm rsync has connected and waits for its list and nothing else: it is
// in poll(2) for descriptor 0 alone, or in select(2) for one descriptor (amd64's numbers).
func readsStdin(w *Warm) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", w.p.leader.Pid))
	if err != nil {
		return false
	}
	const poll, sel, pselect = 7, 23, 270
	var nr int
	var arg0, arg1 uint64
	if n, _ := fmt.Sscanf(string(b), "%d 0x%x 0x%x", &nr, &arg0, &arg1); n != 3 {
		return false
	}
	switch nr {
	case sel, pselect:
		return arg0 == 1
	case poll:
		mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", w.p.leader.Pid))
		if err != nil {
			return false
		}
		defer mem.Close()
		var fd [4]byte
		_, err = mem.ReadAt(fd[:], int64(arg0))
		return err == nil && arg1 == 1 && binary.NativeEndian.Uint32(fd[:]) == 0
	}
	return false
}
