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
