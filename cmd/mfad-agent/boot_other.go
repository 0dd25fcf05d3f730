//go:build !linux

package main

import "time"

// boot is nil: the broker then counts by Go's monotonic clock, which runs on
// during suspend on Windows and stands still on macOS, where the wall clock
// alone ends sessions.
var boot func() time.Duration

func bootID() string { return "" }
