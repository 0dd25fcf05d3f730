package main

import (
	"os"

	"github.com/mfad/mfad/agent/ask"
	"github.com/mfad/mfad/agent/prompt/notify"
	"github.com/mfad/mfad/agent/prompt/pinentry"
	"github.com/mfad/mfad/agent/wire"
)

// desktopPrompter asks by pinentry and tells by notification, or by pinentry where
// there are none.
type desktopPrompter struct {
	*pinentry.Pinentry
	*notify.Notifier
}

func openDesktop(at wire.Desktop) ask.DesktopPrompter {
	pin := &pinentry.Pinentry{Program: os.Getenv(pinentry.Variable), Desktop: at}
	return desktopPrompter{pin, &notify.Notifier{Desktop: at, Window: pin.Show}}
}

// ownDesktop asks on the desktop of the agent's own start, by a pinentry of its own
// PATH: no caller has a say in it. It is nil where there is none.
func ownDesktop() ask.Confirmer {
	own := &pinentry.Pinentry{Program: os.Getenv(pinentry.Variable), Desktop: wire.Desktop{
		Display: os.Getenv("DISPLAY"), WaylandDisplay: os.Getenv("WAYLAND_DISPLAY"), XAuthority: os.Getenv("XAUTHORITY"),
		Bus: os.Getenv("DBUS_SESSION_BUS_ADDRESS"), RuntimeDir: os.Getenv("XDG_RUNTIME_DIR"), Lang: os.Getenv("LANG"),
	}}
	if _, err := pinentry.Find(own.Program, own.Desktop, false); err != nil {
		return nil
	}
	return own
}
