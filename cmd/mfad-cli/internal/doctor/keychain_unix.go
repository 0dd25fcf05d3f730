//go:build unix && !darwin

package doctor

import (
	"os"
	"path/filepath"
)

// noKeychain says why no secret service can be reached from this session, by
// the address of the session bus; empty when one may be there.
func noKeychain(getenv func(string) string) string {
	if getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return ""
	}
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		if _, err := os.Stat(filepath.Join(dir, "bus")); err == nil {
			return ""
		}
	}
	return "this session has no bus by which one could be reached"
}
