package client_test

import (
	"bytes"
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
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/proctest"
)

// within serves h in this process, and dials with the options.
func within(t *testing.T, h server.Handler, o client.Options) *client.Client {
	t.Helper()
	o.Socket = filepath.Join(proctest.Folder(t), "agent.sock")
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

// person answers prompts as a test says; without an answer it waits to be
// withdrawn.
type person struct {
	answers map[human.Kind]human.Answer
	fault   error
	notices chan string
	asked   chan struct{} // gets a token for each prompt, if it is there
	open    atomic.Int32  // prompts
}

func (p *person) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	p.open.Add(1)
	defer p.open.Add(-1)
	if p.asked != nil {
		p.asked <- struct{}{}
	}
	if answer, given := p.answers[q.Kind]; given || p.fault != nil {
		return answer, p.fault
	}
	<-ctx.Done()
	return human.Answer{}, ctx.Err()
}

func (p *person) Notice(text string) { p.notices <- text }

// asking calls the client back with what it was called with, and answers what
// came. It is a notice before, and the method's name is that of the callback.
func asking(ctx context.Context, c *server.Conn, call wire.Call, method string) (any, error) {
	var r json.RawMessage
	if err := c.Notify(ctx, wire.MethodPromptNotice, wire.PromptNoticeParams{Text: "soon"}); err != nil {
		return nil, err
	}
	err := c.Call(ctx, method, call.Params, &r)
	return r, err
}

func question(kind human.Kind) wire.PromptParams {
	return wire.PromptParams{ID: "a", Question: human.Question{Kind: kind}}
}

func TestCallAnswersTheAgentsQuestions(t *testing.T) {
	p := &person{notices: make(chan string, 9), answers: map[human.Kind]human.Answer{
		human.Secret: {Text: []byte("hunter2")}, human.Code: {Text: []byte("123456")}, human.Confirm: {Yes: true},
	}}
	c := within(t, asking, client.Options{Prompter: p})
	for kind, want := range map[human.Kind]string{
		human.Secret:  `{"text":"aHVudGVyMg=="}`,
		human.Code:    `{"text":"MTIzNDU2"}`,
		human.Confirm: `{"yes":true}`,
	} {
		p.answers[kind] = human.Answer{Text: bytes.Clone(p.answers[kind].Text), Yes: p.answers[kind].Yes}
		var got json.RawMessage
		if err := c.Call(t.Context(), wire.MethodPromptAsk, question(kind), &got); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v", kind, got, err)
		}
		if text := <-p.notices; text != "soon" {
			t.Errorf("the notice is %q", text)
		}
		if answer := p.answers[kind].Text; len(answer) > 0 && !bytes.Equal(answer, make([]byte, len(answer))) {
			t.Errorf("%s: the answer was not wiped", kind)
		}
	}
}

func TestWhoDeclinesIsNotTakenForNobody(t *testing.T) {
	p := &person{fault: human.ErrDismissed, notices: make(chan string, 9)}
	c := within(t, asking, client.Options{Prompter: p})
	err := c.Call(t.Context(), wire.MethodPromptAsk, question(human.Secret), nil)
	if !errors.Is(err, errcode.Dismissed) {
		t.Errorf("got %v", err)
	}
}

func TestQuestionsThatCannotBePutAreRefused(t *testing.T) {
	p := &person{fault: errors.New("no terminal"), notices: make(chan string, 9)}
	for _, row := range []struct {
		name, method string
		prompter     human.Prompter
		want         errcode.Code
		text         string
	}{
		{"without a prompter", wire.MethodPromptAsk, nil, errcode.NoPrompt, "nobody to ask"},
		{"without a terminal", wire.MethodPromptAsk, p, errcode.NoPrompt, "no terminal"},
		{"of another version", "prompt.dance", p, errcode.BadRequest, "this mfad knows no prompt.dance: it is older than the agent"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := within(t, asking, client.Options{Prompter: row.prompter})
			err := c.Call(t.Context(), row.method, question(human.Code), nil)
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
		go func() { answered <- c.Call(ctx, wire.MethodPromptAsk, wire.PromptParams{ID: "7"}, nil) }()
		<-p.asked
		if err := c.Notify(ctx, wire.MethodPromptCancel, wire.PromptCancelParams{ID: "other"}); err != nil {
			return nil, err
		}
		if err := c.Notify(ctx, wire.MethodPromptCancel, wire.PromptCancelParams{ID: "7"}); err != nil {
			return nil, err
		}
		return nil, <-answered
	}, client.Options{Prompter: p})
	if err := c.Call(t.Context(), "m", nil, nil); !errors.Is(err, errcode.Dismissed) {
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
				go func() { _ = c.Call(ctx, wire.MethodPromptAsk, wire.PromptParams{ID: "7"}, nil) }()
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
		return nil, errcode.Errorf(errcode.NoProfile, "no profile for mfad %s, tty %v", call.Client, call.TTY)
	}, client.Options{Version: "1.2"})
	err := c.Call(t.Context(), "m", nil, nil)
	if !errors.Is(err, errcode.NoProfile) || err.Error() != "no profile for mfad 1.2, tty false" {
		t.Errorf("got %v", err)
	}
}

func TestRequestThatIsTooLongIsNotSent(t *testing.T) {
	c := within(t, func(context.Context, *server.Conn, wire.Call, string) (any, error) { return "ok", nil }, client.Options{})
	if err := c.Call(t.Context(), "m", strings.Repeat("x", wire.MaxFrame), nil); !errors.Is(err, errcode.BadRequest) {
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
	dir := proctest.Folder(t)
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
