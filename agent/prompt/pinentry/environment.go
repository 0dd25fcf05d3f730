package pinentry

import (
	"regexp"

	"github.com/mfad/mfad/agent/wire"
)

// own are the variables of the agent's environment that a pinentry sees.
var own = []string{"HOME", "USER", "LOGNAME", "PATH", "TMPDIR"}

// What a desktop's values can look like. The bus is a unix socket: other
// addresses run programs (unixexec) or reach into the network.
var (
	displayText = regexp.MustCompile(`^[A-Za-z0-9._/-]{0,200}:[0-9]{1,5}(\.[0-9]{1,3})?$`)
	waylandText = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,200}$`)
	pathText    = regexp.MustCompile(`^/[^\x00-\x1f\x7f]{0,500}$`)
	busText     = regexp.MustCompile(`^unix:(path|abstract)=[A-Za-z0-9_/.\\%*-]{1,500}(,guid=[0-9a-f]{32})?$`)
	langText    = regexp.MustCompile(`^[A-Za-z0-9_.@-]{1,64}$`)
)

// trimmed is a desktop without the values that cannot be right.
func trimmed(at wire.Desktop) wire.Desktop {
	keep := func(text string, shape *regexp.Regexp) string {
		if shape.MatchString(text) {
			return text
		}
		return ""
	}
	return wire.Desktop{
		Display:        keep(at.Display, displayText),
		WaylandDisplay: keep(at.WaylandDisplay, waylandText),
		XAuthority:     keep(at.XAuthority, pathText),
		Bus:            keep(at.Bus, busText),
		RuntimeDir:     keep(at.RuntimeDir, pathText),
		Lang:           keep(at.Lang, langText),
	}
}

// noBus is an address that no library connects to, or starts a bus for, as
// several do when there is none (dbus-launch, one daemon a time).
const noBus = "disabled:"

// environment is a pinentry's: of its caller's desktop, and of the agent's own
// what any program needs.
func environment(at wire.Desktop, getenv func(string) string) []string {
	at = trimmed(at)
	if at.Bus == "" {
		at.Bus = noBus
		if at.RuntimeDir != "" && isSocket(at.RuntimeDir+"/bus") {
			at.Bus = "" // found there by itself
		}
	}
	var env []string
	add := func(name, value string) {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range own {
		add(name, getenv(name))
	}
	add("DISPLAY", at.Display)
	add("WAYLAND_DISPLAY", at.WaylandDisplay)
	add("XAUTHORITY", at.XAuthority)
	add("DBUS_SESSION_BUS_ADDRESS", at.Bus)
	add("XDG_RUNTIME_DIR", at.RuntimeDir)
	add("LANG", locale(at))
	return env
}

// locale is one in which all that we show can be shown.
func locale(at wire.Desktop) string {
	if lang := trimmed(at).Lang; lang != "" && lang != "C" && lang != "POSIX" {
		return lang
	}
	return "C.UTF-8"
}
