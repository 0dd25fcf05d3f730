package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/keystore/keychain"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/totp"
)

// crossings maps what the rooms below report to what crosses the socket. The
// first row that [errors.Is] matches decides.
var crossings = []struct {
	domain error
	code   *wire.Error
}{
	{keystore.ErrNoVault, wire.ErrNoVault},
	{keystore.ErrExists, wire.ErrVaultExists},
	{keystore.ErrLocked, wire.ErrVaultLocked},
	{keystore.ErrBusy, wire.ErrVaultInUse},
	{keystore.ErrClosed, wire.ErrStopping},
	{keystore.ErrWrongPassphrase, wire.ErrWrongPassphrase},
	{keystore.ErrDamaged, wire.ErrVaultDamaged},
	{keystore.ErrRolledBack, wire.ErrVaultRolledBack},
	{keystore.ErrNoItem, wire.ErrNoItem},
	{keystore.ErrItemExists, wire.ErrItemExists},
	{keystore.ErrNoSlot, wire.ErrNoSlot},
	{keystore.ErrLastSlot, wire.ErrLastSlot},
	{keystore.ErrPlugin, wire.ErrPlugin},
	{keystore.ErrInvalid, wire.ErrBadRequest},
	{keystore.ErrUncertain, wire.ErrDisk},
	{token.ErrNoHelper, wire.ErrTokenProgram},
	{token.ErrHelper, wire.ErrTokenFailed},
	{token.ErrNoService, wire.ErrTokenService},
	{token.ErrNotPresent, wire.ErrNoToken},
	{token.ErrAmbiguous, wire.ErrTokenAmbiguous},
	{token.ErrRemoved, wire.ErrTokenRemoved},
	{token.ErrBusy, wire.ErrTokenBusy},
	{token.ErrPINBlocked, wire.ErrPINBlocked},
	{token.ErrPINGuard, wire.ErrPINGuard},
	{token.ErrNoPIN, wire.ErrNoPIN},
	{token.ErrPIN, wire.ErrWrongPIN},
	{token.ErrTouch, wire.ErrNoTouch},
	{token.ErrAccessCode, wire.ErrAccessCode},
	{token.ErrManagementKey, wire.ErrManagementKey},
	{token.ErrExists, wire.ErrTokenExists},
	{token.ErrNoCredential, wire.ErrNotOnToken},
	{token.ErrFull, wire.ErrTokenFull},
	{token.ErrUnsupported, wire.ErrTokenUnsupported},
	{token.ErrInvalid, wire.ErrBadRequest},
	{token.ErrDismissed, wire.ErrDismissed},
	{keychain.ErrNone, wire.ErrNoKeychain},
	{keychain.ErrLocked, wire.ErrNoKeychain},
	{keychain.ErrNotFound, wire.ErrNoKeychain},
	{totp.ErrBadSeed, wire.ErrBadSeed},
	{totp.ErrClock, wire.ErrClock},
	{config.ErrNoProfile, wire.ErrNoProfile},
	{config.ErrNoSource, wire.ErrNoKey},
	{config.ErrBadConfig, wire.ErrBadConfig},
	{config.ErrBadName, wire.ErrBadRequest},
	{config.ErrConflict, wire.ErrBadConfig},
	{credproc.ErrUntrustedEndpoint, wire.ErrUntrustedEndpoint}, // whatever came of asking
	{human.ErrNoPrompt, wire.ErrNoPrompt},
	{human.ErrDismissed, wire.ErrDismissed},
	{credproc.ErrNoKey, wire.ErrNoKey},
	{credproc.ErrCodeRefused, wire.ErrCodeRefused},
	{credproc.ErrDeviceRefused, wire.ErrDeviceRefused},
	{credproc.ErrKeyRefused, wire.ErrKeyRefused},
	{credproc.ErrExpired, wire.ErrExpired},
	{credproc.ErrDenied, wire.ErrDenied},
	{credproc.ErrClock, wire.ErrClock},
	{credproc.ErrThrottled, wire.ErrThrottled},
	{credproc.ErrInvalid, wire.ErrInvalid},
	{credproc.ErrUnavailable, wire.ErrUnavailable},
	{credproc.ErrUnsigned, wire.ErrTokenFailed},
	{credproc.ErrUnsent, wire.ErrUnavailable},
	{credproc.ErrLongTerm, wire.ErrBadConfig},
	{credproc.ErrClosed, wire.ErrStopping},
	{flight.ErrClosed, wire.ErrStopping},
	{flight.ErrAbandoned, wire.ErrDismissed},
	{server.ErrGone, wire.ErrDismissed},
	{context.DeadlineExceeded, wire.ErrTimeout},
	{context.Canceled, wire.ErrDismissed},
}

// cross turns a refusal into what the client sees: a code, and one line. A
// refusal that crosses already keeps its code.
func cross(err error) *wire.Error {
	return &wire.Error{Code: code(err), Message: line.One(err.Error())}
}

func code(err error) int64 {
	var crossed *wire.Error
	if errors.As(err, &crossed) {
		return crossed.Code
	}
	for _, row := range crossings {
		if errors.Is(err, row.domain) {
			return row.code.Code
		}
	}
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	if errors.As(err, &path) || errors.As(err, &link) || errors.As(err, &call) {
		return wire.CodeDisk
	}
	return wire.CodeInternal
}
