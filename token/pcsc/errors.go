package pcsc

import (
	"fmt"

	"github.com/mfad/mfad/token"
)

// Code is an error code of PC/SC. It wraps the error of package token that it
// amounts to.
type Code uint32

// The codes that this package decides by.
const (
	codeOK               Code = 0
	codeInternal         Code = 0x80100001
	codeCancelled        Code = 0x80100002
	codeInvalidHandle    Code = 0x80100003
	codeInsufficient     Code = 0x80100008
	codeUnknownReader    Code = 0x80100009
	codeTimeout          Code = 0x8010000A
	codeSharingViolation Code = 0x8010000B
	codeNotReady         Code = 0x80100010
	codeComm             Code = 0x80100013
	codeNoService        Code = 0x8010001D
	codeServiceStopped   Code = 0x8010001E
	codeNoReaders        Code = 0x8010002E
	codeUnresponsive     Code = 0x80100066
	codeUnpowered        Code = 0x80100067
	codeReset            Code = 0x80100068
	codeSecurity         Code = 0x8010006A
)

// meaning is what a code amounts to. The text is for codes whose error alone
// would not say what is wrong.
type meaning struct {
	name string
	err  error
	text string
}

const (
	refused       = "pcscd refuses this user: allow org.debian.pcsc-lite.access_pcsc and access_card in polkit"
	notResponding = "the token does not respond: pull it out and plug it in again"
)

// meanings follows pcsclite.h. Codes of smart card file systems and certificates,
// which no function that is called here gives, are covered by the default.
var meanings = map[Code]meaning{
	0x80100001: {"SCARD_F_INTERNAL_ERROR", token.ErrNoService, "pcscd has an internal error: restart it"},
	0x80100002: {"SCARD_E_CANCELLED", token.ErrNoService, "the call was cancelled"},
	0x80100003: {"SCARD_E_INVALID_HANDLE", token.ErrRemoved, ""},
	0x80100004: {"SCARD_E_INVALID_PARAMETER", token.ErrUnsupported, "pcscd does not take a parameter"},
	0x80100006: {"SCARD_E_NO_MEMORY", token.ErrNoService, "pcscd has no memory, or too many clients"},
	0x80100007: {"SCARD_F_WAITED_TOO_LONG", token.ErrRemoved, notResponding},
	0x80100008: {"SCARD_E_INSUFFICIENT_BUFFER", token.ErrUnsupported, "the answer is longer than the protocol allows"},
	0x80100009: {"SCARD_E_UNKNOWN_READER", token.ErrNotPresent, ""},
	0x8010000A: {"SCARD_E_TIMEOUT", token.ErrRemoved, notResponding},
	0x8010000B: {"SCARD_E_SHARING_VIOLATION", token.ErrBusy, ""},
	0x8010000C: {"SCARD_E_NO_SMARTCARD", token.ErrNotPresent, ""},
	0x8010000D: {"SCARD_E_UNKNOWN_CARD", token.ErrUnsupported, "the card is of an unknown kind"},
	0x8010000E: {"SCARD_E_CANT_DISPOSE", token.ErrRemoved, ""},
	0x8010000F: {"SCARD_E_PROTO_MISMATCH", token.ErrUnsupported, "the card speaks neither T=0 nor T=1"},
	0x80100010: {"SCARD_E_NOT_READY", token.ErrBusy, "the reader is not ready yet"},
	0x80100011: {"SCARD_E_INVALID_VALUE", token.ErrRemoved, ""},
	0x80100012: {"SCARD_E_SYSTEM_CANCELLED", token.ErrNoService, "the system is shutting down"},
	0x80100013: {"SCARD_F_COMM_ERROR", token.ErrRemoved, "contact was lost"},
	0x80100014: {"SCARD_F_UNKNOWN_ERROR", token.ErrNoService, "pcscd has an unknown error"},
	0x80100015: {"SCARD_E_INVALID_ATR", token.ErrUnsupported, "the card has an invalid ATR"},
	0x80100016: {"SCARD_E_NOT_TRANSACTED", token.ErrRemoved, "contact was lost"},
	0x80100017: {"SCARD_E_READER_UNAVAILABLE", token.ErrNotPresent, ""},
	0x80100018: {"SCARD_P_SHUTDOWN", token.ErrNoService, "pcscd is shutting down"},
	0x80100019: {"SCARD_E_PCI_TOO_SMALL", token.ErrUnsupported, "pcscd does not take a parameter"},
	0x8010001A: {"SCARD_E_READER_UNSUPPORTED", token.ErrUnsupported, "the reader's driver does not do enough"},
	0x8010001C: {"SCARD_E_CARD_UNSUPPORTED", token.ErrUnsupported, "the card does not do enough"},
	0x8010001D: {
		"SCARD_E_NO_SERVICE", token.ErrNoService,
		"pcscd does not answer: apt install pcscd (Fedora: pcsc-lite), or systemctl start pcscd.socket",
	},
	0x8010001E: {"SCARD_E_SERVICE_STOPPED", token.ErrNoService, "pcscd has stopped: try again"},
	0x8010001F: {"SCARD_E_UNEXPECTED", token.ErrRemoved, "the card fails unexpectedly"},
	0x80100022: {"SCARD_E_UNSUPPORTED_FEATURE", token.ErrUnsupported, "pcscd cannot do that"},
	0x8010002E: {"SCARD_E_NO_READERS_AVAILABLE", token.ErrNotPresent, ""},
	0x8010002F: {"SCARD_E_COMM_DATA_LOST", token.ErrRemoved, "contact was lost"},
	0x80100031: {"SCARD_E_SERVER_TOO_BUSY", token.ErrBusy, "pcscd has too much to do"},
	0x80100065: {"SCARD_W_UNSUPPORTED_CARD", token.ErrUnsupported, "the reader cannot speak with the card"},
	0x80100066: {"SCARD_W_UNRESPONSIVE_CARD", token.ErrRemoved, notResponding},
	0x80100067: {"SCARD_W_UNPOWERED_CARD", token.ErrRemoved, notResponding},
	0x80100068: {"SCARD_W_RESET_CARD", token.ErrRemoved, "another program has reset it"},
	0x80100069: {"SCARD_W_REMOVED_CARD", token.ErrRemoved, ""},
	0x8010006A: {"SCARD_W_SECURITY_VIOLATION", token.ErrNoService, refused},
	0x80100027: {"SCARD_E_NO_ACCESS", token.ErrNoService, refused},
}

func (c Code) meaning() meaning {
	if m, known := meanings[c]; known {
		return m
	}
	return meaning{"PC/SC " + fmt.Sprintf("%08x", uint32(c)), token.ErrNoService, "an error that is not expected here"}
}

func (c Code) Error() string {
	m := c.meaning()
	if m.text == "" {
		return fmt.Sprintf("%v (%s)", m.err, m.name)
	}
	return fmt.Sprintf("%v: %s (%s)", m.err, m.text, m.name)
}

// Unwrap is what the code amounts to.
func (c Code) Unwrap() error { return c.meaning().err }
