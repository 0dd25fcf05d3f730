package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/prompt"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// A cli is one run of the program: its streams, its environment, and its
// connection to the agent once it has one.
type cli struct {
	in       *os.File
	out, err io.Writer
	getenv   func(string) string

	// subject is the profile or item that the command line names, for hints.
	subject string
	// passphraseStdin answers the agent's questions for secrets from in.
	passphraseStdin bool
	// pinStdin says that its first line may be a token's PIN.
	pinStdin bool
	// wholeEnviron hands an agent that is started our environment as it is.
	wholeEnviron bool

	conn   *client.Client
	tty    *prompt.Terminal // nil without one
	sought bool             // tty was looked for
	lines  *linesPrompter   // with passphraseStdin
}

// errNotRunning is what callRunning returns when there is no agent.
var errNotRunning = client.ErrNoAgent

// call calls the agent, which is started when it does not run.
func (c *cli) call(ctx context.Context, method string, params, result any) error {
	return c.callAgent(ctx, false, method, params, result)
}

// callRunning calls the agent if it runs; otherwise the error wraps errNotRunning.
func (c *cli) callRunning(ctx context.Context, method string, params, result any) error {
	return c.callAgent(ctx, true, method, params, result)
}

func (c *cli) callAgent(ctx context.Context, noStart bool, method string, params, result any) error {
	if c.conn == nil {
		if err := c.dial(ctx, noStart); err != nil {
			return judged(err)
		}
	}
	err := c.conn.Call(ctx, method, params, result)
	switch {
	case errors.Is(err, client.ErrAgentGone):
		c.close() // the next call may find another agent
	case errors.Is(err, errcode.Dismissed) && c.lines != nil && c.lines.refused != "":
		return failf(exitPerson, noHint, "the line on standard input would not do: %s", c.lines.refused)
	}
	return judged(err)
}

func (c *cli) dial(ctx context.Context, noStart bool) error {
	socket, err := wire.SocketPath(c.getenv)
	if err != nil {
		return err
	}
	log, err := wire.LogPath(c.getenv)
	if err != nil {
		return err
	}
	o := client.Options{
		Socket: socket, Log: log, NoStart: noStart,
		Version: wire.Version, Prompter: c.prompter(),
	}
	if c.wholeEnviron {
		o.Env = os.Environ()
	}
	c.conn, err = client.Dial(ctx, o)
	return err
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

// judged gives an error of the way to the agent its exit code and hint; what
// the agent itself refused has them by its code.
func judged(err error) error {
	var refusal *errcode.Error
	var f *fault
	switch {
	case err == nil, errors.As(err, &refusal), errors.As(err, &f), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, client.ErrNoAgent):
		return &fault{err, exitAgent, `Run "mfad agent start"; most other verbs start it, too.`}
	case errors.Is(err, client.ErrNotStarted):
		return &fault{err, exitAgent, `Run "mfad doctor" to see what is in the way.`}
	case errors.Is(err, client.ErrAgentGone):
		return &fault{err, exitAgent, `Run the same again; if it happens again, "mfad doctor" names the agent's log.`}
	}
	return &fault{err, exitAgent, `Run "mfad doctor" to see what is in the way.`}
}

// awaitSilence returns when nobody listens on the agent's socket any more.
func (c *cli) awaitSilence(ctx context.Context) error {
	for {
		err := c.dial(ctx, true)
		c.close()
		switch {
		case errors.Is(err, client.ErrNoAgent):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return judged(err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (c *cli) outIsTerminal() bool {
	file, isFile := c.out.(*os.File)
	return isFile && term.IsTerminal(int(file.Fd()))
}
