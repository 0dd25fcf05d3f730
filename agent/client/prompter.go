package client

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
)

// prompts answers what the agent asks while one call runs. Each question is
// asked in a goroutine of its own, so that it can be withdrawn.
type prompts struct {
	prompter human.Prompter
	warn     func(text string)
	stream   *wire.Stream
	writing  sync.Mutex // one answer at a time

	mu   sync.Mutex
	open map[string]context.CancelFunc // by the prompt's id
	done sync.WaitGroup
}

// take starts to answer one call or notification of the agent.
func (p *prompts) take(ctx context.Context, m *wire.Message) {
	switch m.Method {
	case wire.MethodPromptCancel:
		var c wire.PromptCancelParams
		if json.Unmarshal(m.Params, &c) == nil {
			p.withdraw(c.ID)
		}
	case wire.MethodPromptNotice:
		var n wire.PromptNoticeParams
		if p.prompter != nil && json.Unmarshal(m.Params, &n) == nil {
			p.prompter.Notice(n.Text)
		}
	case wire.MethodPromptWarning:
		var w wire.WarningParams
		if p.warn != nil && json.Unmarshal(m.Params, &w) == nil {
			p.warn(w.Text)
		}
	case wire.MethodPromptAsk:
		p.ask(ctx, m)
	default:
		p.refuse(m, errcode.Errorf(errcode.BadRequest, "this mfad knows no %s: it is older than the agent", m.Method))
	}
}

// ask has a question answered.
func (p *prompts) ask(ctx context.Context, m *wire.Message) {
	var q wire.PromptParams
	if err := json.Unmarshal(m.Params, &q); err != nil {
		p.refuse(m, errcode.Errorf(errcode.BadRequest, "this mfad does not understand the agent's %s", m.Method))
		return
	}
	if p.prompter == nil {
		p.refuse(m, errcode.Bare(errcode.NoPrompt))
		return
	}
	ctx, cancel := p.begin(ctx, q.ID)
	p.done.Go(func() {
		defer cancel()
		answer, err := p.prompter.Ask(ctx, q.Question)
		defer answer.Wipe()
		switch {
		case err == nil:
			p.answer(m, answer)
		case errors.Is(err, human.ErrDismissed):
			p.refuse(m, errcode.Wrap(errcode.Dismissed, err))
		case ctx.Err() != nil:
			p.refuse(m, errcode.Errorf(errcode.Dismissed, "the prompt was withdrawn"))
		default:
			p.refuse(m, errcode.Wrap(errcode.NoPrompt, err))
		}
	})
}

// begin notes an open prompt until cancel.
func (p *prompts) begin(ctx context.Context, id string) (_ context.Context, cancel func()) {
	ctx, end := context.WithCancel(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = map[string]context.CancelFunc{}
	}
	p.open[id] = end
	return ctx, func() {
		end()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, id)
	}
}

func (p *prompts) withdraw(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cancel, ok := p.open[id]; ok {
		cancel()
	}
}

// end withdraws every prompt and waits until each has returned.
func (p *prompts) end() {
	p.mu.Lock()
	for _, cancel := range p.open {
		cancel()
	}
	p.mu.Unlock()
	p.done.Wait()
}

func (p *prompts) answer(m *wire.Message, result any) {
	raw, err := json.Marshal(result)
	if err != nil {
		p.refuse(m, errcode.Wrap(errcode.NoPrompt, err))
		return
	}
	defer clear(raw)
	if err := p.send(&wire.Message{Version: "2.0", ID: m.ID, Result: raw}); errors.Is(err, wire.ErrFrameTooLong) {
		p.refuse(m, errcode.Errorf(errcode.BadRequest, "the answer is longer than %d bytes", wire.MaxFrame))
	}
}

// refuse answers with an error, unless it was a notification.
func (p *prompts) refuse(m *wire.Message, why *errcode.Error) {
	if m.ID != nil {
		_ = p.send(&wire.Message{Version: "2.0", ID: m.ID, Error: why}) // the reader sees a broken connection too
	}
}

// send writes one answer; the call's own request is out before the first.
func (p *prompts) send(m *wire.Message) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	return p.stream.WriteObject(m)
}
