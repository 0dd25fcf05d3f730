package main

import (
	"fmt"
	"strconv"

	"github.com/mfad/mfad/agent/wire"
)

// So many PIN tries left, or fewer, are not risked without asking.
const (
	guardPIV   = 1
	guardFIDO2 = 2
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

// A triesWarning is a PIN that is blocked or nearly, and what to do about it.
type triesWarning struct{ text, hint string }

// triesOf are the warnings about a token's PINs.
func triesOf(t wire.Token) []triesWarning {
	var all []triesWarning
	if t.PIV != nil {
		if few := fewTries(t.PIV.Retries, guardPIV); few != "" {
			all = append(all, triesWarning{"PIV: " + few, fmt.Sprintf(`Run "ykman%s piv access unblock-pin" to set the counter back by the PUK.`, ykmanDevice(t.Serial))})
		}
	}
	if t.FIDO2 != nil && t.FIDO2.PINSet {
		if few := fewTries(t.FIDO2.Retries, guardFIDO2); few != "" {
			all = append(all, triesWarning{"FIDO2: " + few, "Plug it out and in before the next try: one right PIN sets the counter back, and a blocked key can only be reset, which erases it."})
		}
	}
	return all
}

// ykmanDevice tells ykman which YubiKey is meant; it knows serial numbers alone.
func ykmanDevice(serial string) string {
	if _, err := strconv.ParseUint(serial, 10, 32); err != nil {
		return ""
	}
	return " --device " + serial
}
