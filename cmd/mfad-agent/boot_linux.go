package main

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// boot is the time since the machine started, suspend included.
func boot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(err) // Linux has had this clock since 2.6.39
	}
	return time.Duration(ts.Nano())
}

// bootID is what Linux calls this start of the machine; empty where /proc is
// closed to us.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
