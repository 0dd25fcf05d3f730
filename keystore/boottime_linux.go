package keystore

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootTime runs on while the machine is suspended; Go's monotonic clock stops.
func bootTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
