package agent

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mfad/mfad/agent/ask"
	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/params"
)

// request is one call as the methods see it: who asks, and how to ask back.
type request struct {
	method string
	conn   conn
	ask    *ask.Chain
	proved bool   // something was
	by     string // the slot to prove by that the caller has chosen; empty: none
	// prove is [vault.Access.Prove] by who asks.
	prove func(ctx context.Context, act vault.Act) error
}

// conn is the connection that a call came by. [*server.Conn] is one.
type conn interface {
	ask.Conn
	// Peer is the process at the other end.
	Peer() peer.Peer
}

// A method answers one call. It is made by [quiet], [changes], [lasts] or [handsOut],
// each of which is a decision about the line that the call leaves in the audit file,
// and about what it has to prove; [checked] refuses a table with a method that has none.
type method struct {
	line   auditLine
	proven bool // it is decided what a call has to prove
	lasts  bool // nothing is done unless the audit file can tell of it
	// takesBack says that what was not proved takes back what lasts, as often as the
	// caller likes.
	takesBack bool
	// do answers; about is what the line tells of, nil if there is to be none.
	do func(ctx context.Context, r *request, raw json.RawMessage) (result any, about *audit.Subject, err error)
}

// auditLine says which line a method leaves in the audit file.
type auditLine int

const (
	undecided auditLine = iota
	noLine
	lineOfChange  // for each call, also one with bad parameters
	lineOfHandout // for each call that is one; a refusal is shown by status too
)

// none is the parameters, or the result, of a method that has none.
type none struct{}

// quiet is a method that hands nothing out and changes nothing that the vault
// keeps: it has nothing to prove.
func quiet[P, R any](do func(context.Context, *request, P) (R, error)) method {
	answer := func(ctx context.Context, r *request, raw json.RawMessage) (any, *audit.Subject, error) {
		var p P
		if err := decode(r, raw, &p); err != nil {
			return nil, nil, err
		}
		result, err := do(ctx, r, p)
		return result, nil, err
	}
	return method{line: noLine, proven: true, do: answer}
}

// changes is a method that hands nothing out, and leaves a line all the same: it
// changes what the vault keeps, where that may go, who can open it, or when. About
// tells whom it is about, by parameters of which some may be bad, and the result,
// which is zero when the method has failed. Takes is what is proved before do runs.
func changes[P, R any](
	takes proof[P], do func(context.Context, *request, P) (R, error), about func(P, R) *audit.Subject,
) method {
	answer := func(ctx context.Context, r *request, raw json.RawMessage) (any, *audit.Subject, error) {
		var p P
		var result, nothing R
		err := decode(r, raw, &p)
		if err == nil {
			err = demand(ctx, r, takes, p)
		}
		if err == nil {
			result, err = do(ctx, r, p)
		}
		told := about(p, nothing)
		if err == nil {
			told = about(p, result)
		}
		return result, told, err
	}
	return method{line: lineOfChange, proven: takes != nil, do: answer}
}

// lasts is a method that [changes] what outlasts an unlock, with some parameters at
// least: a way in, a longer hold time, an endpoint's trust, what stands on a token.
func lasts[P, R any](
	takes proof[P], do func(context.Context, *request, P) (R, error), about func(P, R) *audit.Subject,
) method {
	m := changes(takes, do, about)
	m.lasts = true
	return m
}

// takesBack is a method that [lasts] where it takes a proof, and takes something back
// where it takes none. Its lines of that kind could push out the others of what lasts.
func takesBack(m method) method {
	m.takesBack = true
	return m
}

// lasting tells whether the line of a granted call belongs to what lasts.
func (m method) lasting(proved bool) bool { return proved || m.lasts && !m.takesBack }

// handsOut is a method that gives a secret, or something made with one. About is
// as in [changes], of good parameters; it is nil where nothing is to be told, as
// when nothing was handed out and nothing refused. What is handed out is for now,
// and every process of the user may have it while the vault is open: nothing is
// proved.
func handsOut[P, R any](do func(context.Context, *request, P) (R, error), about func(P, R) *audit.Subject) method {
	answer := func(ctx context.Context, r *request, raw json.RawMessage) (any, *audit.Subject, error) {
		var p P
		if err := decode(r, raw, &p); err != nil {
			return nil, nil, err
		}
		result, err := do(ctx, r, p)
		return result, about(p, result), err
	}
	return method{line: lineOfHandout, proven: true, do: answer}
}

// bare is what does a method that takes no parameters, and refuses any.
func bare[R any](do func(context.Context, *request) (R, error)) func(context.Context, *request, none) (R, error) {
	return func(ctx context.Context, r *request, _ none) (R, error) { return do(ctx, r) }
}

// decode reads parameters strictly. A profile that they name is what the questions
// of the call are about.
func decode[P any](r *request, raw json.RawMessage, p *P) error {
	if err := params.Decode(raw, p); err != nil {
		return errcode.Errorf(errcode.BadRequest, "bad request: %v", err)
	}
	if named, ok := any(*p).(wire.ProfileNamer); ok {
		r.ask.About(named.ProfileName())
	}
	return nil
}

// checked returns a table in which every method has a decision about its line and
// its proof.
func checked(table map[string]method) (map[string]method, error) {
	for name, m := range table {
		if m.line == undecided || m.do == nil || !m.proven {
			return nil, fmt.Errorf("nobody has decided what the audit file says of method %q, or what it takes", name)
		}
	}
	return table, nil
}
