package client

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/mfad/mfad/agent/wire"
	"github.com/sourcegraph/jsonrpc2"
)

// Prompter asks the person on behalf of the agent. Calls may come at the same
// time. The three questions wait for an answer; when ctx ends the prompt is
// withdrawn, and they return ctx's error. A dismissal is an answer. Other
// errors mean that nobody can be asked.
type Prompter interface {
	// Secret asks for a passphrase or another secret, without echo. The caller
	// wipes it.
	Secret(ctx context.Context, p wire.PromptSecretParams) (wire.PromptSecretResult, error)
	// Code asks for the code that an MFA device shows.
	Code(ctx context.Context, p wire.PromptCodeParams) (wire.PromptCodeResult, error)
	// Confirm asks a yes-or-no question; no is the default.
	Confirm(ctx context.Context, p wire.PromptConfirmParams) (wire.PromptConfirmResult, error)
	// Notice shows a line until the next; an empty one takes it away. It does
	// not wait.
	Notice(text string)
}

// prompts answers the agent's calls through a Prompter.
type prompts struct {
	prompter Prompter

	mu     sync.Mutex
	open   map[string]context.CancelFunc // by the prompt's id
	closed bool
	done   sync.WaitGroup
}

func newPrompts(p Prompter) *prompts {
	return &prompts{prompter: p, open: map[string]context.CancelFunc{}}
}

// Handle implements [jsonrpc2.Handler]. Questions are asked in goroutines of
// their own, so that they can be withdrawn.
func (p *prompts) Handle(ctx context.Context, rpc *jsonrpc2.Conn, req *jsonrpc2.Request) {
	switch req.Method {
	case wire.MethodPromptCancel:
		var c wire.PromptCancelParams
		if decode(req, &c) == nil {
			p.cancel(c.ID)
		}
	case wire.MethodPromptNotice:
		var n wire.PromptNoticeParams
		if p.prompter != nil && decode(req, &n) == nil {
			p.prompter.Notice(n.Text)
		}
	case wire.MethodPromptSecret:
		ask(ctx, p, rpc, req, func(q wire.PromptSecretParams) string { return q.ID }, Prompter.Secret,
			func(r wire.PromptSecretResult) { clear(r.Secret) })
	case wire.MethodPromptCode:
		ask(ctx, p, rpc, req, func(q wire.PromptCodeParams) string { return q.ID }, Prompter.Code, nil)
	case wire.MethodPromptConfirm:
		ask(ctx, p, rpc, req, func(q wire.PromptConfirmParams) string { return q.ID }, Prompter.Confirm, nil)
	default:
		if !req.Notif {
			refuse(ctx, rpc, req, wire.Errorf(wire.ErrBadRequest, "this mfad cannot do %q: it is older than the agent", req.Method))
		}
	}
}

// ask puts one question to the prompter and sends the answer.
func ask[Q, R any](ctx context.Context, p *prompts, rpc *jsonrpc2.Conn, req *jsonrpc2.Request,
	id func(Q) string, put func(Prompter, context.Context, Q) (R, error), wipe func(R),
) {
	var question Q
	if err := decode(req, &question); err != nil {
		refuse(ctx, rpc, req, wire.Errorf(wire.ErrBadRequest, "the agent's question is not understood"))
		return
	}
	if p.prompter == nil {
		refuse(ctx, rpc, req, wire.ErrNoPrompt)
		return
	}
	ctx, end, ok := p.begin(ctx, id(question))
	if !ok {
		return // the connection is closed
	}
	go func() {
		defer end()
		answer, err := put(p.prompter, ctx, question)
		switch {
		case err == nil:
			_ = rpc.Reply(context.WithoutCancel(ctx), req.ID, answer) // without a connection nobody waits
		case ctx.Err() != nil:
			refuse(ctx, rpc, req, wire.Errorf(wire.ErrDismissed, "the prompt was withdrawn"))
		default:
			refuse(ctx, rpc, req, wire.Wrap(wire.ErrNoPrompt, err))
		}
		if wipe != nil {
			wipe(answer)
		}
	}()
}

// begin notes an open prompt; end forgets it.
func (p *prompts) begin(ctx context.Context, id string) (_ context.Context, end func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, false
	}
	ctx, cancel := context.WithCancel(ctx)
	p.open[id] = cancel
	p.done.Add(1)
	return ctx, func() {
		defer p.done.Done()
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, id)
	}, true
}

func (p *prompts) cancel(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cancel, ok := p.open[id]; ok {
		cancel()
	}
}

// close withdraws every prompt and waits until each has returned.
func (p *prompts) close() {
	p.mu.Lock()
	p.closed = true
	for _, cancel := range p.open {
		cancel()
	}
	p.mu.Unlock()
	p.done.Wait()
}

func decode(req *jsonrpc2.Request, into any) error {
	if req.Params == nil {
		return errors.New("no parameters")
	}
	defer clear(*req.Params)
	return json.Unmarshal(*req.Params, into)
}

func refuse(ctx context.Context, rpc *jsonrpc2.Conn, req *jsonrpc2.Request, why *wire.Error) {
	_ = rpc.ReplyWithError(ctx, req.ID, why.ToRPC()) // without a connection nobody waits
}
