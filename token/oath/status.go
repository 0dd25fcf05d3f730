package oath

import (
	"errors"
	"fmt"

	"github.com/mfad/mfad/token"
)

// The status words that the protocol and its implementations give.
const (
	swOK         = 0x9000
	swMore       = 0x61 // first byte; the second says how many bytes wait
	swMemory     = 0x6581
	swAuth       = 0x6982
	swNoObject   = 0x6984
	swConditions = 0x6985
	swSyntax     = 0x6A80
	swFunction   = 0x6A81 // is not supported
	swNoApplet   = 0x6A82
	swNoSpace    = 0x6A84
	swParameters = 0x6A86
	swWrongP1P2  = 0x6B00
	swNoCommand  = 0x6D00
	swAborted    = 0x6F00
)

var errInvalid = token.ErrInvalid

// StatusError is a status word that says no. It wraps what it means for the
// command that it answers: an error of package token.
type StatusError struct {
	Command string // "CALCULATE"
	SW      uint16
	Meaning error
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%v (%s answered %04x)", e.Meaning, e.Command, e.SW)
}

// Unwrap is what it means.
func (e *StatusError) Unwrap() error { return e.Meaning }

// status is the error of a status word. The same word means different things
// after different commands, and after a touch that did not come the same as
// without an access code.
func (a *Applet) status(c command, sw uint16) error {
	e := &StatusError{Command: c.name(), SW: sw}
	switch {
	case c.name() == "SELECT":
		e.Meaning = fmt.Errorf("%w: there is no OATH applet", token.ErrUnsupported)
	case sw == swAuth && c.ins == insCalculate && !a.Locked():
		e.Meaning = token.ErrTouch
	case sw == swAuth:
		e.Meaning = token.ErrAccessCode
	case (sw == swSyntax || sw == swNoObject) && c.ins == insValidate:
		e.Meaning = token.ErrAccessCode
	case sw == swConditions && c.ins == insCalculate:
		e.Meaning = token.ErrTouch
	case sw == swConditions && c.ins == insPut:
		e.Meaning = token.ErrExists
	case sw == swNoSpace, (sw == swAborted || sw == swMemory) && c.ins == insPut:
		e.Meaning = token.ErrFull
	case sw == swNoObject && c.ins != insPut && c.ins != insSetCode, sw == swNoApplet:
		e.Meaning = token.ErrNoCredential
	case sw == swSyntax:
		e.Meaning = token.ErrInvalid
	default:
		e.Meaning = token.ErrUnsupported
	}
	return e
}

// isMissing tells whether the applet has no such command, or not in that form.
func isMissing(err error) bool {
	refused, ok := errors.AsType[*StatusError](err)
	if !ok {
		return false
	}
	switch refused.SW {
	case swNoCommand, swWrongP1P2, swParameters, swFunction:
		return true
	}
	return false
}

func (c command) name() string {
	switch c.ins {
	case insPut:
		return "PUT"
	case insDelete:
		return "DELETE"
	case insSetCode:
		return "SET CODE"
	case insRename:
		return "RENAME"
	case insList:
		return "LIST"
	case insCalculate:
		return "CALCULATE"
	case insValidate:
		return "VALIDATE"
	case insSelect:
		if c.p1 == 0x04 {
			return "SELECT"
		}
		return "CALCULATE ALL"
	}
	return fmt.Sprintf("instruction %02x", c.ins)
}
