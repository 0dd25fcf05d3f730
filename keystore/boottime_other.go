//go:build !linux

package keystore

import "time"

// bootTime is the wall clock, which runs on while the machine is suspended, and
// can be set.
func bootTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
