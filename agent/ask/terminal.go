package ask

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
)

// terminal is the one of the client at the other end of the connection.
type terminal struct {
	conn   Conn
	caller Caller
	shown  string
}

var _ link = (*terminal)(nil)

// ask makes one call back; when ctx ends first, it withdraws the prompt.
func (t *terminal) ask(ctx context.Context, q human.Question) (answer human.Answer, err error) {
	params := wire.PromptParams{ID: rand.Text(), Question: q}
	err = wire.FromRPC(t.conn.Call(ctx, wire.MethodPromptAsk, params, &answer))
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		t.withdraw(ctx, params.ID)
		return answer, context.Cause(ctx)
	case errors.Is(err, errcode.Dismissed):
		return answer, human.ErrDismissed
	}
	// Whatever else went wrong at the client, there is no answer from there.
	return answer, fmt.Errorf("%w: %v", human.ErrNoPrompt, err)
}

func (t *terminal) withdraw(ctx context.Context, id string) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer done()
	_ = t.conn.Notify(ctx, wire.MethodPromptCancel, wire.PromptCancelParams{ID: id})
}

// show shows one line: what to do, or else what is waited for.
func (t *terminal) show(ctx context.Context, now words) {
	text := cmp.Or(now.act, now.notice)
	if text == t.shown {
		return
	}
	t.shown = text
	_ = t.conn.Notify(ctx, wire.MethodPromptNotice, wire.PromptNoticeParams{Text: text})
}

func (t *terminal) reach() human.Reach { return human.Person }

func (t *terminal) place() string { return t.caller.terminal() }

func (t *terminal) close() {}
