package main

import (
	"context"
	"errors"
	"time"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/prompt"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/internal/places"
)

// A cli is one run of the program: its streams, its environment, who answers
// the agent's questions, and the connection to the agent once there is one.
// Verbs are functions that take it, or the part of it that they need.
type cli struct {
	console
	answers
	getenv func(string) string

	conn   *client.Client
	tty    *prompt.Terminal // nil without one
	sought bool             // tty was looked for
	warned bool             // of a runtime folder that is not used
	lines  *linesPrompter   // with answers.passphraseStdin
}

// answers says who answers the agent's questions: the person on the terminal,
// unless it says otherwise.
type answers struct {
	// passphraseStdin answers questions for secrets from standard input.
	passphraseStdin bool
	// pinStdin says that its first line may be a token's PIN.
	pinStdin bool
	// slot is the slot to prove by what takes a proof.
	slot string
}

// answerBy has questions answered as a verb was told; the verb calls it before
// it calls the agent.
func (c *cli) answerBy(a answers) {
	a.pinStdin = a.pinStdin || a.slot != ""
	c.answers = a
}

// A caller calls a method of the agent and decodes its answer into result,
// which may be nil: [cli.call] or [cli.callRunning].
type caller func(ctx context.Context, method string, params, result any) error

// errNotRunning is what callRunning returns when there is no agent.
var errNotRunning = client.ErrNoAgent

// call calls the agent, which is started when it does not run.
func (c *cli) call(ctx context.Context, method string, params, result any) error {
	if err := c.connect(ctx, dialing{}); err != nil {
		return err
	}
	c.learnLines(ctx)
	return c.exchange(ctx, method, params, result)
}

// callRunning calls the agent if it runs; otherwise the error wraps errNotRunning.
func (c *cli) callRunning(ctx context.Context, method string, params, result any) error {
	if err := c.connect(ctx, dialing{noStart: true}); err != nil {
		return err
	}
	return c.exchange(ctx, method, params, result)
}

func (c *cli) exchange(ctx context.Context, method string, params, result any) error {
	err := c.conn.Call(ctx, method, params, result)
	switch {
	case errors.Is(err, client.ErrAgentGone):
		c.close() // the next call may find another agent
	case errors.Is(err, errcode.Dismissed) && c.lines != nil && c.lines.refused != "":
		return advice{exitPerson, noHint}.errorf("the line on standard input would not do: %s", c.lines.refused)
	case errors.Is(err, errcode.NoPrompt) && c.tty != nil:
		return advice{exitPerson, `Run the same again, and answer while the prompt is open.`}.on(err)
	}
	return adviseOnLink(err)
}

// A dialing says what to do when no agent runs: start none, or one with an
// environment; nil is the environment of an agent that is started on demand.
type dialing struct {
	noStart bool
	environ []string
}

// connect makes the connection unless there is one.
func (c *cli) connect(ctx context.Context, how dialing) error {
	if c.conn != nil {
		return nil
	}
	socket, err := wire.SocketPath(c.getenv)
	if err != nil {
		return adviseOnLink(err)
	}
	log, err := wire.LogPath(c.getenv)
	if err != nil {
		return adviseOnLink(err)
	}
	address, err := addressPath(c.getenv)
	if err != nil {
		return adviseOnLink(err)
	}
	if why := places.Unfit(c.getenv); why != "" && !c.warned {
		c.warned = true
		c.say("mfad: warning: %s; the agent is looked for at %s", line.One(why), socket)
	}
	c.conn, err = client.Dial(ctx, client.Options{
		Socket: socket, Address: address, Log: log, NoStart: how.noStart, Env: how.environ,
		Version: wire.Version, Prompter: c.prompter(), Proof: c.slot,
		Warn: func(text string) { c.say("mfad: warning: %s", text) },
	})
	return adviseOnLink(err)
}

// addressPath is where the agent that holds the vault says where it listens; empty
// for who has said it himself.
func addressPath(getenv func(string) string) (string, error) {
	if getenv(wire.SocketVariable) != "" {
		return "", nil
	}
	return wire.AddressPath(getenv)
}

// close ends the connection, and withdraws the prompts that came over it.
func (c *cli) close() {
	if c.conn != nil {
		_ = c.conn.Close() // all that was asked for is here, or has failed
		c.conn = nil
	}
}

// leave ends the connection and lets the terminal go.
func (c *cli) leave() {
	c.close()
	if c.tty != nil {
		_ = c.tty.Close()
		c.tty = nil
	}
}

// awaitSilence returns when nobody listens on the agent's socket any more.
func (c *cli) awaitSilence(ctx context.Context) error {
	for {
		err := c.connect(ctx, dialing{noStart: true})
		c.close()
		switch {
		case errors.Is(err, client.ErrNoAgent):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
