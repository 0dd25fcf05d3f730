package agent

import (
	"context"
	"crypto/rand"
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

// asker puts questions to the client at the other end of a connection.
type asker struct {
	conn conn
	tty  bool // the client says that it can prompt
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

func (a *asker) Code(ctx context.Context, why credproc.Purpose, again string) (string, error) {
	params := wire.PromptCodeParams{
		ID: rand.Text(), Profile: why.Profile, RoleARN: why.RoleARN, Account: why.Account,
		Serial: why.Serial, Asker: a.who(), Again: again,
	}
	var answer wire.PromptCodeResult
	if err := a.ask(ctx, wire.MethodPromptCode, params.ID, params, &answer); err != nil {
		return "", fmt.Errorf("asking for the code of %s: %w", why.Serial, err)
	}
	if answer.Dismissed {
		return "", fmt.Errorf("asking for the code of %s: %w", why.Serial, credproc.ErrDismissed)
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
	params.ID = rand.Text()
	var answer wire.PromptSecretResult
	err := a.ask(ctx, wire.MethodPromptSecret, params.ID, params, &answer)
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
	params := wire.PromptConfirmParams{ID: rand.Text(), Question: question}
	var answer wire.PromptConfirmResult
	if err := a.ask(ctx, wire.MethodPromptConfirm, params.ID, params, &answer); err != nil {
		return false, fmt.Errorf("asking for a confirmation: %w", err)
	}
	return answer.Yes, nil
}

func (a *asker) Notice(ctx context.Context, text string) {
	if a.tty {
		_ = a.conn.Notify(ctx, wire.MethodPromptNotice, wire.PromptNoticeParams{Text: text})
	}
}

// Act shows what to do, until done.
func (a *asker) Act(ctx context.Context, what string) func() {
	a.Notice(ctx, what)
	return func() { a.Notice(context.WithoutCancel(ctx), "") }
}

// ask makes one call back; when ctx ends first, it withdraws the prompt.
func (a *asker) ask(ctx context.Context, method, id string, params, answer any) error {
	if !a.tty {
		return fmt.Errorf("%w: the caller has no terminal", credproc.ErrNoPrompt)
	}
	// Who does not answer is passed over for the next who waits for the same.
	absent := fmt.Errorf("%w: nobody answered within %s", credproc.ErrNoPrompt, promptLimit)
	ctx, cancel := context.WithTimeoutCause(ctx, promptLimit, absent)
	defer cancel()
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
