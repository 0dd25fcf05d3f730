package errcode

import "strconv"

// Code is what a refusal is known by on both wires. A code is an error itself:
// errors.Is(err, errcode.NoVault) holds for every error that crosses with it.
type Code int64

// The codes. They are never reused, and new ones go to the end: a program of
// another version knows them too.
const (
	Internal Code = 1 + iota
	Version
	BadRequest
	NoVault
	VaultExists
	VaultLocked
	WrongPassphrase
	VaultDamaged
	VaultRolledBack
	NoItem
	ItemExists
	NoSlot
	LastSlot
	NoKeychain
	Plugin
	BadSeed
	NoProfile
	BadConfig
	NoPrompt
	Dismissed
	NoKey
	UntrustedEndpoint
	CodeRefused
	DeviceRefused
	KeyRefused
	Expired
	Denied
	Clock
	Throttled
	Invalid
	Unavailable
	Timeout
	Busy
	Disk
	Stopping
	NoHome
	VaultInUse
	NoToken
	TokenProgram
	TokenService
	TokenFailed
	TokenAmbiguous
	TokenRemoved
	TokenBusy
	WrongPIN
	PINBlocked
	PINGuard
	NoPIN
	NoTouch
	AccessCode
	ManagementKey
	TokenExists
	NotOnToken
	TokenFull
	TokenUnsupported
	Unproven
	CodesSpent
	VaultConflict
	VaultForeign
	VaultUnmarked
	ReadOnly
	AuditUnwritten
	PUKBlocked
	SlotUnseen
	NoFiles
	NoService
	NotAFile
)

// texts are what the codes say when nothing says it better.
var texts = [...]string{
	Internal:          "internal error",
	Version:           "agent and client speak different versions",
	BadRequest:        "bad request",
	NoVault:           "no vault",
	VaultExists:       "vault exists",
	VaultLocked:       "vault is locked",
	WrongPassphrase:   "wrong passphrase",
	VaultDamaged:      "vault is damaged",
	VaultRolledBack:   "vault is older than one seen before",
	NoItem:            "no such item",
	ItemExists:        "item exists",
	NoSlot:            "no such slot",
	LastSlot:          "too few ways in would be left",
	NoKeychain:        "no keychain",
	Plugin:            "age plugin failed",
	BadSeed:           "bad seed",
	NoProfile:         "no such profile",
	BadConfig:         "bad configuration",
	NoPrompt:          "nobody to ask",
	Dismissed:         "dismissed",
	NoKey:             "no such access key",
	UntrustedEndpoint: "endpoint not trusted",
	CodeRefused:       "MFA code refused",
	DeviceRefused:     "MFA device refused",
	KeyRefused:        "access key refused",
	Expired:           "credentials expired",
	Denied:            "access denied",
	Clock:             "clock is wrong",
	Throttled:         "throttled",
	Invalid:           "invalid request to AWS",
	Unavailable:       "AWS unavailable",
	Timeout:           "took too long",
	Busy:              "agent is busy",
	Disk:              "cannot write",
	Stopping:          "agent is stopping",
	NoHome:            "no home folder",
	VaultInUse:        "vault is in use by another process",
	NoToken:           "token is not plugged in",
	TokenProgram:      "mfad-token cannot be run",
	TokenService:      "no smart card service",
	TokenFailed:       "mfad-token failed",
	TokenAmbiguous:    "several tokens are plugged in",
	TokenRemoved:      "token was removed",
	TokenBusy:         "token is in use by another program",
	WrongPIN:          "wrong PIN",
	PINBlocked:        "PIN is blocked",
	PINGuard:          "too few PIN tries are left",
	NoPIN:             "token has no PIN",
	NoTouch:           "token was not touched in time",
	AccessCode:        "wrong OATH access code",
	ManagementKey:     "wrong PIV management key",
	TokenExists:       "token holds a credential of that name",
	NotOnToken:        "not on the token",
	TokenFull:         "token is full",
	TokenUnsupported:  "token cannot do that",
	Unproven:          "takes a person's consent",
	CodesSpent:        "codes were given already",
	VaultConflict:     "vault was changed by another program",
	VaultForeign:      "vault belongs to another user",
	VaultUnmarked:     "not known which generation of the vault was seen last",
	ReadOnly:          "disk is read-only",
	AuditUnwritten:    "audit log cannot be written",
	PUKBlocked:        "PIN and PUK are blocked",
	SlotUnseen:        "token does not tell whether a slot is free",
	NoFiles:           "too many open files",
	NoService:         "what answered is not a service of AWS",
	NotAFile:          "a folder stands where a file belongs",
}

// Error says it in a few words.
func (c Code) Error() string {
	if !c.Known() {
		return "refused with code " + strconv.FormatInt(int64(c), 10)
	}
	return texts[c]
}

// Is makes it equal to every sentinel of the code.
func (c Code) Is(target error) bool {
	s, ok := target.(*Sentinel)
	return ok && s.code == c
}

// Known says that this version has the code.
func (c Code) Known() bool { return c > 0 && int(c) < len(texts) }

// Codes are all of this version's.
func Codes() []Code {
	codes := make([]Code, 0, len(texts)-1)
	for c := Internal; int(c) < len(texts); c++ {
		codes = append(codes, c)
	}
	return codes
}
