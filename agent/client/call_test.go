package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
)

// within serves h in this process, and dials with the options.
func within(t *testing.T, h server.Handler, o client.Options) *client.Client {
	t.Helper()
	o.Socket = filepath.Join(place(t), "agent.sock")
	o.NoStart = true
	ln, err := server.Listen(o.Socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- server.Serve(ctx, ln, h, server.Options{Version: "1.0"}) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-done, ln.Release()); err != nil {
			t.Error(err)
		}
	})
	c, err := client.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// person answers prompts as a test says. A nil answer waits to be withdrawn.
type person struct {
	secret, code *string
	yes          *bool
	fault        error
	notices      chan string
	asked        chan struct{} // gets a token for each prompt, if it is there
	open         atomic.Int32  // prompts
}

func answer[T, R any](ctx context.Context, p *person, given *T, make func(T) R) (r R, err error) {
	p.open.Add(1)
	defer p.open.Add(-1)
	if p.asked != nil {
		p.asked <- struct{}{}
	}
	switch {
	case p.fault != nil:
		return r, p.fault
	case given != nil:
		return make(*given), nil
	}
	<-ctx.Done()
	return r, ctx.Err()
}

func (p *person) Secret(ctx context.Context, _ wire.PromptSecretParams) (wire.PromptSecretResult, error) {
	return answer(ctx, p, p.secret, func(s string) wire.PromptSecretResult { return wire.PromptSecretResult{Secret: []byte(s)} })
}

func (p *person) Code(ctx context.Context, _ wire.PromptCodeParams) (wire.PromptCodeResult, error) {
	return answer(ctx, p, p.code, func(s string) wire.PromptCodeResult { return wire.PromptCodeResult{Code: s} })
}

func (p *person) Confirm(ctx context.Context, _ wire.PromptConfirmParams) (wire.PromptConfirmResult, error) {
	return answer(ctx, p, p.yes, func(y bool) wire.PromptConfirmResult { return wire.PromptConfirmResult{Yes: y} })
}

func (p *person) Notice(text string) { p.notices <- text }

// asking calls the client back, once for each method, and answers what came.
func asking(ctx context.Context, c *server.Conn, call wire.Call, method string) (any, error) {
	var r json.RawMessage
	if err := c.Notify(ctx, wire.MethodPromptNotice, wire.PromptNoticeParams{Text: "soon"}); err != nil {
		return nil, err
	}
	err := c.Call(ctx, method, wire.PromptSecretParams{ID: "a"}, &r)
	return r, err
}

func TestCallAnswersTheAgentsQuestions(t *testing.T) {
	secret, code, yes := "hunter2", "123456", true
	p := &person{secret: &secret, code: &code, yes: &yes, notices: make(chan string, 9)}
	c := within(t, asking, client.Options{Prompter: p})
	for method, want := range map[string]string{
		wire.MethodPromptSecret:  `{"secret":"aHVudGVyMg=="}`,
		wire.MethodPromptCode:    `{"code":"123456"}`,
		wire.MethodPromptConfirm: `{"yes":true}`,
	} {
		var got json.RawMessage
		if err := c.Call(t.Context(), method, nil, &got); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v", method, got, err)
		}
		if text := <-p.notices; text != "soon" {
			t.Errorf("the notice is %q", text)
		}
	}
}

func TestQuestionsThatCannotBePutAreRefused(t *testing.T) {
	p := &person{fault: errors.New("no terminal"), notices: make(chan string, 9)}
	for _, row := range []struct {
		name, method string
		prompter     client.Prompter
		want         *wire.Error
		text         string
	}{
		{"without a prompter", wire.MethodPromptCode, nil, wire.ErrNoPrompt, "nobody to ask"},
		{"without a terminal", wire.MethodPromptCode, p, wire.ErrNoPrompt, "no terminal"},
		{"of another version", "prompt.dance", p, wire.ErrBadRequest, "this mfad knows no prompt.dance: it is older than the agent"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := within(t, asking, client.Options{Prompter: row.prompter})
			err := c.Call(t.Context(), row.method, nil, nil)
			if !errors.Is(err, row.want) || err.Error() != row.text {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAgentWithdrawsAPrompt(t *testing.T) {
	p := &person{asked: make(chan struct{}, 1)}
	c := within(t, func(ctx context.Context, c *server.Conn, _ wire.Call, _ string) (any, error) {
		answered := make(chan error)
		go func() { answered <- c.Call(ctx, wire.MethodPromptCode, wire.PromptCodeParams{ID: "7"}, nil) }()
		<-p.asked
		if err := c.Notify(ctx, wire.MethodPromptCancel, wire.PromptCancelParams{ID: "other"}); err != nil {
			return nil, err
		}
		if err := c.Notify(ctx, wire.MethodPromptCancel, wire.PromptCancelParams{ID: "7"}); err != nil {
			return nil, err
		}
		return nil, <-answered
	}, client.Options{Prompter: p})
	if err := c.Call(t.Context(), "m", nil, nil); !errors.Is(err, wire.ErrDismissed) {
		t.Errorf("got %v", err)
	}
}

// However a call ends, its prompt has ended before it, and the terminal is as
// it was.
func TestPromptEndsWithItsCall(t *testing.T) {
	for name, row := range map[string]struct {
		end     error
		answers bool
	}{
		"answer":   {answers: true},
		"cancel":   {end: context.Canceled},
		"deadline": {end: context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			p := &person{asked: make(chan struct{}, 1)}
			opened, gone := make(chan struct{}), make(chan struct{})
			c := within(t, func(ctx context.Context, c *server.Conn, _ wire.Call, _ string) (any, error) {
				go func() { _ = c.Call(ctx, wire.MethodPromptCode, wire.PromptCodeParams{ID: "7"}, nil) }()
				<-p.asked
				close(opened)
				if !row.answers {
					<-ctx.Done()
					close(gone)
				}
				return nil, nil
			}, client.Options{Prompter: p})
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if row.end != nil {
				go func() { <-opened; cancel(row.end) }()
			}
			if err := c.Call(ctx, "m", nil, nil); !errors.Is(err, row.end) {
				t.Errorf("got %v", err)
			}
			if n := p.open.Load(); n != 0 {
				t.Errorf("%d prompts are open", n)
			}
			if !row.answers {
				<-gone // the agent has seen it
				if err := c.Call(t.Context(), "m", nil, nil); !errors.Is(err, client.ErrAgentGone) {
					t.Errorf("afterwards: %v", err)
				}
			}
		})
	}
}

func TestRefusalCrossesTheSocket(t *testing.T) {
	c := within(t, func(_ context.Context, _ *server.Conn, call wire.Call, _ string) (any, error) {
		return nil, wire.Errorf(wire.ErrNoProfile, "no profile for mfad %s, tty %v", call.Client, call.TTY)
	}, client.Options{Version: "1.2"})
	err := c.Call(t.Context(), "m", nil, nil)
	if !errors.Is(err, wire.ErrNoProfile) || err.Error() != "no profile for mfad 1.2, tty false" {
		t.Errorf("got %v", err)
	}
}

func TestRequestThatIsTooLongIsNotSent(t *testing.T) {
	c := within(t, func(context.Context, *server.Conn, wire.Call, string) (any, error) { return "ok", nil }, client.Options{})
	if err := c.Call(t.Context(), "m", strings.Repeat("x", wire.MaxFrame), nil); !errors.Is(err, wire.ErrBadRequest) {
		t.Errorf("got %v", err)
	}
	if err := c.Call(t.Context(), "m", nil, nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAnswersMayBeLong(t *testing.T) {
	long := strings.Repeat("x", 4*wire.MaxFrame)
	c := within(t, func(context.Context, *server.Conn, wire.Call, string) (any, error) { return long, nil }, client.Options{})
	var got string
	if err := c.Call(t.Context(), "m", nil, &got); err != nil || got != long {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestDialWithoutAnAgent(t *testing.T) {
	dir := place(t)
	path := filepath.Join(dir, "agent.sock")
	if _, err := client.Dial(t.Context(), client.Options{Socket: path, NoStart: true}); !errors.Is(err, client.ErrNoAgent) {
		t.Errorf("without a socket: %v", err)
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Dial(t.Context(), client.Options{Socket: path, NoStart: true}); !errors.Is(err, client.ErrNoAgent) {
		t.Errorf("with a socket that was left behind: %v", err)
	}
	if _, err := client.Dial(t.Context(), client.Options{Socket: path, Agent: filepath.Join(dir, "missing")}); !errors.Is(err, client.ErrNotStarted) {
		t.Errorf("without a program: %v", err)
	}
}
