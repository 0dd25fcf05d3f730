package main

import (
	"os"

	"github.com/mfad/mfad/agent/ask"
	"github.com/mfad/mfad/agent/prompt/notify"
	"github.com/mfad/mfad/agent/prompt/pinentry"
	"github.com/mfad/mfad/agent/wire"
)

// desk asks by pinentry and tells by notification, or by pinentry where there
// are none.
type desk struct {
	*pinentry.Pinentry
	*notify.Notifier
}

func openDesk(at wire.Desk) ask.Desk {
	pin := &pinentry.Pinentry{Program: os.Getenv(pinentry.Variable), Desk: at}
	return desk{pin, &notify.Notifier{Desk: at, Window: pin.Show}}
}
