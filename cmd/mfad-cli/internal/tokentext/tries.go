package tokentext

import (
	"fmt"
	"strconv"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/pinguard"
)

// triesText says how many tries a PIN has; the token may not tell.
func triesText(left, guard int) string {
	switch few := fewTries(left, guard); {
	case few != "":
		return few
	case left < 0:
		return "PIN tries unknown"
	}
	return fmt.Sprintf("%d PIN tries left", left)
}

// fewTries is for a PIN that is blocked or nearly, else empty.
func fewTries(left, guard int) string {
	switch {
	case left == 0:
		return "PIN BLOCKED"
	case left > guard || left < 0:
		return ""
	case left == 1:
		return "ONLY 1 PIN TRY LEFT"
	}
	return fmt.Sprintf("ONLY %d PIN TRIES LEFT", left)
}

// A Warning is a PIN that is blocked or nearly, and what to do about it.
type Warning struct{ Text, Hint string }

const unblockFIDO2 = "Plug it out and in before the next try: one right PIN sets the counter back, " +
	"and a blocked key can only be reset, which erases it."

// Warnings are those about a token's PINs.
func Warnings(t wire.Token) []Warning {
	var all []Warning
	if t.PIV != nil {
		if few := fewTries(t.PIV.Retries, pinguard.PIV); few != "" {
			hint := fmt.Sprintf(`Run "ykman%s piv access unblock-pin" to set the counter back by the PUK.`, YkmanDevice(t.Serial))
			if t.PIV.PUKBlocked {
				few += ", AND THE PUK"
				hint = fmt.Sprintf(`Only "ykman%s piv reset" makes it usable again, and it erases the keys there.`, YkmanDevice(t.Serial))
			}
			all = append(all, Warning{"PIV: " + few, hint})
		}
	}
	if t.FIDO2 != nil && t.FIDO2.PINSet {
		if few := fewTries(t.FIDO2.Retries, pinguard.FIDO2); few != "" {
			all = append(all, Warning{"FIDO2: " + few, unblockFIDO2})
		}
	}
	return all
}

// YkmanDevice is the option that tells ykman which YubiKey is meant. It is empty
// for a token without a serial number, because ykman knows no other name.
func YkmanDevice(serial string) string {
	if _, err := strconv.ParseUint(serial, 10, 32); err != nil {
		return ""
	}
	return " --device " + serial
}
