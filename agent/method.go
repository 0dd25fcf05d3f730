package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/mfad/mfad/agent/ask"
	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// request is one call as the methods see it: who asks, and how to ask back.
type request struct {
	method string
	conn   conn
	ask    *ask.Chain
}

// conn is the connection that a call came by. [*server.Conn] is one.
type conn interface {
	ask.Conn
	// Peer is the process at the other end.
	Peer() peer.Peer
}

// method answers one call.
type method func(ctx context.Context, s *Service, r *request, params json.RawMessage) (any, error)

// methods is everything that a client may call.
var methods = map[string]method{
	wire.MethodCredentials:   with((*Service).credentials),
	wire.MethodStatus:        bare((*Service).status),
	wire.MethodStop:          bare((*Service).stop),
	wire.MethodVaultCreate:   with((*Service).vaultCreate),
	wire.MethodVaultShow:     bare((*Service).vaultShow),
	wire.MethodVaultVerify:   bare((*Service).vaultVerify),
	wire.MethodVaultUnlock:   with((*Service).vaultUnlock),
	wire.MethodVaultLock:     bare((*Service).vaultLock),
	wire.MethodVaultHold:     with((*Service).vaultHold),
	wire.MethodSlotAdd:       with((*Service).slotAdd),
	wire.MethodSlotRemove:    with((*Service).slotRemove),
	wire.MethodKeyImport:     with((*Service).keyImport),
	wire.MethodKeyList:       bare((*Service).keyList),
	wire.MethodKeyRemove:     with((*Service).keyRemove),
	wire.MethodKeyTrust:      with((*Service).keyTrust),
	wire.MethodKeyMove:       with((*Service).keyMove),
	wire.MethodDeviceAdd:     with((*Service).deviceAdd),
	wire.MethodDeviceList:    bare((*Service).deviceList),
	wire.MethodDeviceMove:    with((*Service).deviceMove),
	wire.MethodDeviceRemove:  with((*Service).deviceRemove),
	wire.MethodCode:          with((*Service).code),
	wire.MethodProfileShow:   with((*Service).profileShow),
	wire.MethodProfileList:   bare((*Service).profileList),
	wire.MethodSessionList:   bare((*Service).sessionList),
	wire.MethodSessionForget: with((*Service).sessionForget),
	wire.MethodTokenList:     bare((*Service).tokenList),
	wire.MethodTokenProtect:  with((*Service).tokenProtect),
}

// none is the result of a method that gives nothing.
type none struct{}

// with adapts a method that takes parameters.
func with[P, R any](f func(*Service, context.Context, *request, P) (R, error)) method {
	return func(ctx context.Context, s *Service, r *request, raw json.RawMessage) (any, error) {
		var params P
		if err := decode(raw, &params); err != nil {
			return nil, err
		}
		return f(s, ctx, r, params)
	}
}

// bare adapts a method that takes none, and refuses any.
func bare[R any](f func(*Service, context.Context, *request) (R, error)) method {
	return with(func(s *Service, ctx context.Context, r *request, _ none) (R, error) { return f(s, ctx, r) })
}

// decode reads parameters strictly. Its errors name fields and never quote a
// value, which may be a secret.
func decode(raw json.RawMessage, params any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(params)
	if err == nil {
		if _, tail := d.Token(); !errors.Is(tail, io.EOF) {
			return errcode.Errorf(errcode.BadRequest, "bad request: something follows the parameters")
		}
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return errcode.Errorf(errcode.BadRequest, "bad request: parameter %q is not of type %s", wrong.Field, wrong.Type)
	}
	return errcode.Errorf(errcode.BadRequest, "bad request: the parameters are not what this method takes")
}
