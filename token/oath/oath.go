// Package oath speaks YKOATH, the protocol of the OATH applet of a YubiKey and
// of the tokens that follow it: an applet that keeps the keys of one-time
// passwords and computes with them, and never gives them out again.
//
// It is written from https://developers.yubico.com/OATH/YKOATH_Protocol.html
// and what ykman sends. It reaches the applet by any [Card] and keeps nothing
// itself; it asks nobody anything, knows no time (a challenge is the caller's)
// and never resets an applet. An [Applet] is for one goroutine, and all that is
// done with it belongs into one transaction of the card: another program that
// selects an applet of its own in between takes this one away.
package oath

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/mfad/mfad/token"
)

// Card sends a command APDU and returns the answer: data, and the status word
// in its last two bytes. The caller of Transmit wipes both.
type Card interface {
	Transmit(apdu []byte) ([]byte, error)
}

// aid is the prefix of the applet's AID that ykman selects by; some applets
// have no more, YubiKeys have one byte behind it.
var aid = []byte{0xA0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01}

// ErrNoID: the applet does not tell its ID, by which mfad knows it again. That of
// a Nitrokey 3 does so while a PIN is set on it.
var ErrNoID = fmt.Errorf("%w: a PIN is set on the OATH applet, which tells no ID then: mfad can use it without a PIN alone",
	token.ErrUnsupported)

// Applet is a selected OATH applet.
type Applet struct {
	ID        string // in hexadecimal; a reset of the applet changes it
	Version   string // "5.4.3"; on a YubiKey that of the firmware
	Protected bool   // it has an access code

	card      Card
	version   version
	salt      []byte // of the key to the applet
	challenge []byte // to be answered by Unlock; nil when the applet is open
	long      bool   // the last answer was a long one
}

// Select selects the OATH applet. The error wraps token.ErrUnsupported if the
// card has none, [ErrNoID] if that tells no ID, and else is the card's.
func Select(c Card) (*Applet, error) {
	a := &Applet{card: c}
	answer, err := a.do(command{ins: insSelect, p1: 0x04, data: aid})
	if err != nil {
		return nil, fmt.Errorf("selecting the OATH applet: %w", err)
	}
	if err := a.selected(answer); err != nil {
		return nil, fmt.Errorf("selecting the OATH applet: %w", err)
	}
	return a, nil
}

// Locked says that the applet has an access code and wants [Applet.Unlock] first.
func (a *Applet) Locked() bool { return a.challenge != nil }

// selected reads the answer to SELECT. Tags that it does not know are those of
// other makers, and of years to come.
func (a *Applet) selected(answer []byte) error {
	objects, err := parseTLV(answer)
	if err != nil {
		return err
	}
	for _, o := range objects {
		switch o.tag {
		case tagVersion:
			if len(o.value) != len(a.version) {
				return malformed("a version of %d bytes", len(o.value))
			}
			copy(a.version[:], o.value)
		case tagName:
			a.salt = o.value
		case tagChallenge:
			a.challenge = o.value
		}
	}
	switch {
	case len(objects) == 0:
		return malformed("nothing")
	case len(a.salt) == 0:
		return ErrNoID
	}
	if a.challenge != nil && len(a.challenge) == 0 {
		return malformed("an empty challenge")
	}
	a.ID = hex.EncodeToString(a.salt)
	a.Version = a.version.String()
	a.Protected = a.challenge != nil
	return nil
}

type version [3]byte

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

func (v version) before(other version) bool { return string(v[:]) < string(other[:]) }

// needs is the error of what came with a later version of the applet.
func (a *Applet) needs(what string, first version) error {
	if a.version.before(first) {
		return fmt.Errorf("%w: %s needs version %v of the token, and this is %v",
			token.ErrUnsupported, what, first, a.version)
	}
	return nil
}

var errMalformed = errors.New("the OATH applet answered nonsense")

// malformed says what is wrong with an answer; of the answer it may quote
// lengths and tags, never values.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %w: "+format, append([]any{token.ErrUnsupported, errMalformed}, args...)...)
}
