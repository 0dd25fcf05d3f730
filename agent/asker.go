package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
)

// promptLimit bounds how long a question stays open: nobody is there after it.
const promptLimit = 2 * time.Minute

// conn is the connection that a call came by. [*server.Conn] is one.
type conn interface {
	// Peer is the process at the other end.
	Peer() peer.Peer
	// Claim is what it says of itself.
	Claim() (peer.Claim, error)
	// Call calls the client back and waits for its answer, or for ctx.
	Call(ctx context.Context, method string, params, result any) error
	// Notify tells the client without waiting for an answer.
	Notify(ctx context.Context, method string, params any) error
}

// asker puts questions to the person on whose behalf a call runs: at the other
// end of the connection if there is a terminal, else on the caller's desktop.
type asker struct {
	conn   conn
	tty    bool            // the client says that it can prompt
	desk   *desktop        // nil: none
	params json.RawMessage // of the call, which may name a profile

	board board
}

var _ credproc.Asker = (*asker)(nil)

// who describes the process that asks to the person: all of it is claimed.
func (a *asker) who() string {
	claim, err := a.conn.Claim()
	if err != nil {
		return ""
	}
	return claim.String()
}

// name is who without arguments, which may hold secrets, for a log.
func (a *asker) name() string {
	claim, err := a.conn.Claim()
	if err != nil || len(claim.Command) == 0 {
		return ""
	}
	return strings.Join(append(claim.Command[:1:1], claim.Parents...), " < ")
}

// profile is the one that the call is about; it may be about none.
func (a *asker) profile() string {
	var about struct{ Profile string }
	_ = json.Unmarshal(a.params, &about)
	return about.Profile
}

func (a *asker) Code(ctx context.Context, why credproc.Purpose, again string) (string, error) {
	params := wire.PromptCodeParams{
		ID: rand.Text(), Profile: why.Profile, RoleARN: why.RoleARN, Account: why.Account,
		Serial: why.Serial, Asker: a.who(), Again: again,
	}
	answer, err := put(ctx, a, wire.MethodPromptCode, params.ID, params, Desk.Code)
	if err == nil && answer.Dismissed {
		err = credproc.ErrDismissed
	}
	if err != nil {
		return "", fmt.Errorf("asking for the code of %s: %w", why.Serial, err)
	}
	return answer.Code, nil
}

func (a *asker) Secret(ctx context.Context, q credproc.Question) ([]byte, error) {
	return a.secret(ctx, wire.PromptSecretParams{What: q.What, Again: q.Again, Token: q.Token, Tries: q.Tries})
}

// newSecret asks for a secret that is being chosen, twice.
func (a *asker) newSecret(ctx context.Context, what, again string) ([]byte, error) {
	return a.secret(ctx, wire.PromptSecretParams{What: what, Again: again, New: true})
}

func (a *asker) secret(ctx context.Context, params wire.PromptSecretParams) ([]byte, error) {
	params.ID, params.Profile, params.Asker = rand.Text(), a.profile(), a.who()
	answer, err := put(ctx, a, wire.MethodPromptSecret, params.ID, params, Desk.Secret)
	if err == nil && answer.Dismissed {
		err = credproc.ErrDismissed
	}
	if err != nil {
		clear(answer.Secret)
		return nil, fmt.Errorf("asking for the %s: %w", params.What, err)
	}
	return answer.Secret, nil
}

func (a *asker) Confirm(ctx context.Context, question string) (bool, error) {
	params := wire.PromptConfirmParams{ID: rand.Text(), Question: question, Profile: a.profile(), Asker: a.who()}
	answer, err := put(ctx, a, wire.MethodPromptConfirm, params.ID, params, Desk.Confirm)
	if err != nil {
		return false, fmt.Errorf("asking for a confirmation: %w", err)
	}
	return answer.Yes, nil
}

// put asks on the terminal or, if the caller has none, on the desktop.
func put[P, R any](ctx context.Context, a *asker, method, id string, params P, onto func(Desk, context.Context, P) (R, error)) (answer R, err error) {
	// Who does not answer is passed over for the next who waits for the same.
	absent := fmt.Errorf("%w: nobody answered within %s", credproc.ErrNoPrompt, promptLimit)
	ctx, cancel := context.WithTimeoutCause(ctx, promptLimit, absent)
	defer cancel()
	if !a.tty {
		return onDesk(ctx, a.desk, params, onto)
	}
	err = a.ask(ctx, method, id, params, &answer)
	return answer, err
}

// ask makes one call back; when ctx ends first, it withdraws the prompt.
func (a *asker) ask(ctx context.Context, method, id string, params, answer any) error {
	err := wire.FromRPC(a.conn.Call(ctx, method, params, answer))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		withdraw, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer done()
		_ = a.conn.Notify(withdraw, wire.MethodPromptCancel, wire.PromptCancelParams{ID: id})
		return context.Cause(ctx)
	case errors.Is(err, wire.ErrDismissed):
		return credproc.ErrDismissed
	}
	// Whatever else went wrong at the client, there is no answer from there.
	return fmt.Errorf("%w: %v", credproc.ErrNoPrompt, err)
}

// close takes away what is shown on a desktop; the client's terminal is the
// client's.
func (a *asker) close() {
	if a.desk != nil {
		a.desk.close()
	}
}
