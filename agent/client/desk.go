package client

import (
	"cmp"

	"github.com/mfad/mfad/agent/wire"
)

// desk is where a person who is not at a terminal of ours may be found. The
// agent judges the values; those that it would not take do not travel.
func desk(getenv func(string) string) *wire.Desk {
	bounded := func(name string) string {
		if text := getenv(name); len(text) <= maxDeskValue {
			return text
		}
		return ""
	}
	return &wire.Desk{
		Display:        bounded("DISPLAY"),
		WaylandDisplay: bounded("WAYLAND_DISPLAY"),
		XAuthority:     bounded("XAUTHORITY"),
		Bus:            bounded("DBUS_SESSION_BUS_ADDRESS"),
		RuntimeDir:     bounded("XDG_RUNTIME_DIR"),
		Lang:           cmp.Or(bounded("LC_ALL"), bounded("LC_MESSAGES"), bounded("LANG")),
	}
}

// maxDeskValue keeps an odd environment from filling the request.
const maxDeskValue = 1 << 10
