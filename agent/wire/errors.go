package wire

import (
	"errors"
	"fmt"

	"github.com/sourcegraph/jsonrpc2"
)

// An Error is a refusal as it crosses the socket. errors.Is holds between it
// and the sentinel of its code, at both ends.
type Error struct {
	Code    int64  `json:"code"`    // one of this package's codes
	Message string `json:"message"` // one line; never a secret
}

func (e *Error) Error() string { return e.Message }

// Is compares codes, so that a decoded error equals its sentinel.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// The codes. They are never reused: a client of another version knows them too.
const (
	CodeInternal = 1 + iota
	CodeVersion
	CodeBadRequest
	CodeNoVault
	CodeVaultExists
	CodeVaultLocked
	CodeWrongPassphrase
	CodeVaultDamaged
	CodeVaultRolledBack
	CodeNoItem
	CodeItemExists
	CodeNoSlot
	CodeLastSlot
	CodeNoKeychain
	CodePlugin
	CodeBadSeed
	CodeNoProfile
	CodeBadConfig
	CodeNoPrompt
	CodeDismissed
	CodeNoKey
	CodeUntrustedEndpoint
	CodeCodeRefused
	CodeDeviceRefused
	CodeKeyRefused
	CodeExpired
	CodeDenied
	CodeClock
	CodeThrottled
	CodeInvalid
	CodeUnavailable
	CodeTimeout
	CodeBusy
	CodeDisk
	CodeStopping
	CodeNoHome
	CodeVaultInUse
	CodeNoToken
	CodeTokenProgram
	CodeTokenService
	CodeTokenFailed
	CodeTokenAmbiguous
	CodeTokenRemoved
	CodeTokenBusy
	CodeWrongPIN
	CodePINBlocked
	CodePINGuard
	CodeNoPIN
	CodeNoTouch
	CodeAccessCode
	CodeManagementKey
	CodeTokenExists
	CodeNotOnToken
	CodeTokenFull
	CodeTokenUnsupported
)

// The sentinels, one a code, for errors.Is at the client.
var (
	ErrInternal          = &Error{CodeInternal, "internal error"}
	ErrVersion           = &Error{CodeVersion, "agent and client speak different versions"}
	ErrBadRequest        = &Error{CodeBadRequest, "bad request"}
	ErrNoVault           = &Error{CodeNoVault, "no vault"}
	ErrVaultExists       = &Error{CodeVaultExists, "vault exists"}
	ErrVaultLocked       = &Error{CodeVaultLocked, "vault is locked"}
	ErrWrongPassphrase   = &Error{CodeWrongPassphrase, "wrong passphrase"}
	ErrVaultDamaged      = &Error{CodeVaultDamaged, "vault is damaged"}
	ErrVaultRolledBack   = &Error{CodeVaultRolledBack, "vault is older than one seen before"}
	ErrNoItem            = &Error{CodeNoItem, "no such item"}
	ErrItemExists        = &Error{CodeItemExists, "item exists"}
	ErrNoSlot            = &Error{CodeNoSlot, "no such slot"}
	ErrLastSlot          = &Error{CodeLastSlot, "too few ways in would be left"}
	ErrNoKeychain        = &Error{CodeNoKeychain, "no keychain"}
	ErrPlugin            = &Error{CodePlugin, "age plugin failed"}
	ErrBadSeed           = &Error{CodeBadSeed, "bad seed"}
	ErrNoProfile         = &Error{CodeNoProfile, "no such profile"}
	ErrBadConfig         = &Error{CodeBadConfig, "bad configuration"}
	ErrNoPrompt          = &Error{CodeNoPrompt, "nobody to ask"}
	ErrDismissed         = &Error{CodeDismissed, "dismissed"}
	ErrNoKey             = &Error{CodeNoKey, "no such access key"}
	ErrUntrustedEndpoint = &Error{CodeUntrustedEndpoint, "endpoint not trusted"}
	ErrCodeRefused       = &Error{CodeCodeRefused, "MFA code refused"}
	ErrDeviceRefused     = &Error{CodeDeviceRefused, "MFA device refused"}
	ErrKeyRefused        = &Error{CodeKeyRefused, "access key refused"}
	ErrExpired           = &Error{CodeExpired, "credentials expired"}
	ErrDenied            = &Error{CodeDenied, "access denied"}
	ErrClock             = &Error{CodeClock, "clock is wrong"}
	ErrThrottled         = &Error{CodeThrottled, "throttled"}
	ErrInvalid           = &Error{CodeInvalid, "invalid request to AWS"}
	ErrUnavailable       = &Error{CodeUnavailable, "AWS unavailable"}
	ErrTimeout           = &Error{CodeTimeout, "took too long"}
	ErrBusy              = &Error{CodeBusy, "agent is busy"}
	ErrDisk              = &Error{CodeDisk, "cannot write"}
	ErrStopping          = &Error{CodeStopping, "agent is stopping"}
	ErrNoHome            = &Error{CodeNoHome, "no home folder"}
	ErrVaultInUse        = &Error{CodeVaultInUse, "vault is in use by another process"}
	ErrNoToken           = &Error{CodeNoToken, "token is not plugged in"}
	ErrTokenProgram      = &Error{CodeTokenProgram, "mfad-token cannot be run"}
	ErrTokenService      = &Error{CodeTokenService, "no smart card service"}
	ErrTokenFailed       = &Error{CodeTokenFailed, "mfad-token failed"}
	ErrTokenAmbiguous    = &Error{CodeTokenAmbiguous, "several tokens are plugged in"}
	ErrTokenRemoved      = &Error{CodeTokenRemoved, "token was removed"}
	ErrTokenBusy         = &Error{CodeTokenBusy, "token is in use by another program"}
	ErrWrongPIN          = &Error{CodeWrongPIN, "wrong PIN"}
	ErrPINBlocked        = &Error{CodePINBlocked, "PIN is blocked"}
	ErrPINGuard          = &Error{CodePINGuard, "too few PIN tries are left"}
	ErrNoPIN             = &Error{CodeNoPIN, "token has no PIN"}
	ErrNoTouch           = &Error{CodeNoTouch, "token was not touched in time"}
	ErrAccessCode        = &Error{CodeAccessCode, "wrong OATH access code"}
	ErrManagementKey     = &Error{CodeManagementKey, "wrong PIV management key"}
	ErrTokenExists       = &Error{CodeTokenExists, "token holds a credential of that name"}
	ErrNotOnToken        = &Error{CodeNotOnToken, "not on the token"}
	ErrTokenFull         = &Error{CodeTokenFull, "token is full"}
	ErrTokenUnsupported  = &Error{CodeTokenUnsupported, "token cannot do that"}
)

// Wrap gives the refusal of a sentinel its own words.
func Wrap(sentinel *Error, err error) *Error { return &Error{sentinel.Code, err.Error()} }

// Errorf is [Wrap] with a format.
func Errorf(sentinel *Error, format string, args ...any) *Error {
	return &Error{sentinel.Code, fmt.Sprintf(format, args...)}
}

// FromRPC turns what a jsonrpc2 call returned into an [*Error], if the other
// side refused; other errors pass through.
func FromRPC(err error) error {
	var rpc *jsonrpc2.Error
	if errors.As(err, &rpc) {
		return &Error{rpc.Code, rpc.Message}
	}
	return err
}

// ToRPC is the error object that carries e.
func (e *Error) ToRPC() *jsonrpc2.Error {
	return &jsonrpc2.Error{Code: e.Code, Message: e.Message}
}
