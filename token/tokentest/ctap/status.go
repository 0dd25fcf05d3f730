package ctap

import "fmt"

// Status is the status byte of a CTAP2 answer (8.2).
type Status byte

// The statuses that the key answers with.
const (
	StatusOK                 Status = 0x00
	StatusInvalidCommand     Status = 0x01
	StatusInvalidParameter   Status = 0x02
	StatusInvalidLength      Status = 0x03
	StatusUnexpectedType     Status = 0x11
	StatusInvalidCBOR        Status = 0x12
	StatusMissingParameter   Status = 0x14
	StatusExcluded           Status = 0x19
	StatusAlgorithm          Status = 0x26
	StatusUnsupportedOption  Status = 0x2b
	StatusInvalidOption      Status = 0x2c
	StatusCancelled          Status = 0x2d
	StatusNoCredentials      Status = 0x2e
	StatusUserActionTimeout  Status = 0x2f
	StatusNotAllowed         Status = 0x30
	StatusPINInvalid         Status = 0x31
	StatusPINBlocked         Status = 0x32
	StatusPINAuthInvalid     Status = 0x33
	StatusPINAuthBlocked     Status = 0x34
	StatusPINNotSet          Status = 0x35
	StatusPINRequired        Status = 0x36
	StatusPINPolicyViolation Status = 0x37
)

// Error names the status by its number: the standard's names are too many.
func (s Status) Error() string { return fmt.Sprintf("CTAP2 status %#02x", byte(s)) }

// The commands of CTAP2 (6).
const (
	cmdMakeCredential = 0x01
	cmdGetAssertion   = 0x02
	cmdGetInfo        = 0x04
	cmdClientPIN      = 0x06
	cmdReset          = 0x07
)

// Entry is one line of a key's journal: a CTAP2 command and how it was answered.
type Entry struct {
	Command string // "getInfo", "clientPIN getRetries", "getAssertion up=false", …
	Status  Status
}

func (e Entry) String() string { return fmt.Sprintf("%s -> %#02x", e.Command, byte(e.Status)) }
