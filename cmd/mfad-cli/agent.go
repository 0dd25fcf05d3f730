package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// stopDeadline bounds how long a stopping agent may take to let go of its socket.
const stopDeadline = 10 * time.Second

func (c *cli) agentCommand() *cobra.Command {
	const environment = `

An agent that another verb starts on demand sees no AWS_*, proxy or certificate
variable, so that only files decide where requests go. "mfad agent start" and
"restart" hand it this shell's environment whole.`
	verb := func(use, short, long string, run func(context.Context) error) *cobra.Command {
		return &cobra.Command{
			Use:               use,
			Short:             short,
			Long:              long,
			Example:           "  mfad agent " + use,
			Args:              takes(0, 0),
			ValidArgsFunction: cobra.NoFileCompletions,
			RunE:              func(cmd *cobra.Command, _ []string) error { return run(cmd.Context()) },
		}
	}
	return group("agent", "Start, stop and restart the agent", "The agent: mfad-agent, the process that holds the vault open and the sessions."+environment,
		verb("start", "Start the agent with this shell's environment", "Start the agent unless it runs."+environment, c.startAgent),
		verb("stop", "Stop the agent: the vault is closed, sessions are forgotten", "Stop the agent. The vault is closed and every session forgotten.", c.stopAgent),
		verb("restart", "Stop the agent and start it anew", "Stop the agent, of whatever version it is, and start the one beside this program."+environment, func(ctx context.Context) error {
			if err := c.stopAgent(ctx); err != nil {
				return err
			}
			return c.startAgent(ctx)
		}))
}

func (c *cli) startAgent(ctx context.Context) error {
	var s wire.Status
	switch err := c.callRunning(ctx, wire.MethodStatus, nil, &s); {
	case err == nil:
		c.say("mfad: the agent runs already, with pid %d", s.PID)
		c.hint(`Run "mfad agent restart" to hand it this shell's environment.`)
		return nil
	case !errors.Is(err, errNotRunning):
		return err
	}
	c.wholeEnviron = true
	if err := c.call(ctx, wire.MethodStatus, nil, &s); err != nil {
		return err
	}
	c.say("mfad: the agent runs, with pid %d", s.PID)
	return nil
}

// stopAgent returns when the agent has let go of its socket.
func (c *cli) stopAgent(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, stopDeadline,
		failf(exitAgent, `Look for it with "pgrep -a mfad-agent".`, "the agent did not stop within %s", stopDeadline))
	defer cancel()
	err := c.callRunning(ctx, wire.MethodStop, nil, nil)
	c.close()
	switch {
	case errors.Is(err, errNotRunning):
		c.say("mfad: the agent is not running")
		return nil
	case err != nil && !errors.Is(err, errcode.Stopping):
		return err
	}
	if err := c.awaitSilence(ctx); err != nil {
		return err
	}
	c.say("mfad: the agent has stopped")
	return nil
}
