package client

import (
	"cmp"

	"github.com/mfad/mfad/agent/wire"
)

// desktop is where a person who is not at a terminal of ours may be found. The
// agent judges the values; those that it would not take do not travel.
func desktop(getenv func(string) string) *wire.Desktop {
	bounded := func(name string) string {
		if text := getenv(name); len(text) <= maxDesktopValue {
			return text
		}
		return ""
	}
	return &wire.Desktop{
		Display:        bounded("DISPLAY"),
		WaylandDisplay: bounded("WAYLAND_DISPLAY"),
		XAuthority:     bounded("XAUTHORITY"),
		Bus:            bounded("DBUS_SESSION_BUS_ADDRESS"),
		RuntimeDir:     bounded("XDG_RUNTIME_DIR"),
		Lang:           cmp.Or(bounded("LC_ALL"), bounded("LC_MESSAGES"), bounded("LANG")),
	}
}

// maxDesktopValue keeps an odd environment from filling the request.
const maxDesktopValue = 1 << 10
