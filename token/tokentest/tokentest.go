// Package tokentest is a YubiKey without hardware: the OATH, PIV, management
// and OTP applets in plain Go, plugged into virtual readers of a private
// pcscd, so that real clients (libpcsclite, piv-go, ykman, yubico-piv-tool,
// OpenSC) meet what they would meet on a desk.
//
// A [Service] is the pcscd with its readers; a [YubiKey] is a token to insert.
// The token keeps its keys while it is out, like a real one, and has knobs for
// what tests want to happen to it: a touch that is late or never comes, a pull
// in the middle of a command, odd answers.
//
// It is for tests and demonstrations only. Its keys lie in memory unprotected,
// it does not run in constant time, and it plays no FIDO2 or OpenPGP applet.
package tokentest

import "errors"

// ErrMissing: a program or library of the machine is missing; the text names
// the package to install.
var ErrMissing = errors.New("not installed")

// MaxReaders is how many readers pcscd takes.
const MaxReaders = 16

// Options say what kind of service to start.
type Options struct {
	// Readers is how many there are, from 1 (also for 0) to MaxReaders.
	Readers int
	// Dir is where the service keeps its files; it must exist and its path be
	// short. Empty: a new directory, which Close removes.
	Dir string
}

// Card is what a reader can hold. A service calls it from one goroutine at a
// time.
type Card interface {
	// ATR is the answer to reset.
	ATR() []byte
	// Command answers a command APDU; data, then SW1 and SW2. It may take long.
	// nil pulls the card out without an answer.
	Command(apdu []byte) []byte
	// Reset tells that the card lost power, or was reset: what was verified is
	// not any more.
	Reset()
}
