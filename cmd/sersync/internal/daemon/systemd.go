package daemon

import (
	"fmt"
	"os"

	"github.com/coreos/go-systemd/v22/daemon"
)

// NotifyReady tells systemd (Type=notify) that the service stands. Without NOTIFY_SOCKET in the
// environment it does nothing.
func NotifyReady() error {
	return notify(fmt.Sprintf("%s\nMAINPID=%d", daemon.SdNotifyReady, os.Getpid()))
}

// NotifyStopping tells systemd that the service is on its way out.
func NotifyStopping() error { return notify(daemon.SdNotifyStopping) }

func notify(state string) error {
	if _, err := daemon.SdNotify(false, state); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}
