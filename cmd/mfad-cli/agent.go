package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// stopDeadline bounds how long a stopping agent may take to let go of its socket.
const stopDeadline = 10 * time.Second

const agentEnvironmentHelp = `

An agent that another verb starts on demand sees no AWS_*, proxy or certificate
variable, so that only files decide where requests go. "mfad agent start" and
"restart" hand it this shell's environment whole.`

func agentCommand(c *cli) *cobra.Command {
	restart := func(ctx context.Context, c *cli) error {
		if err := stopAgent(ctx, c); err != nil {
			return err
		}
		return startAgent(ctx, c)
	}
	return newGroup(&cobra.Command{
		Use:   "agent",
		Short: "Start, stop and restart the agent",
		Long:  "The agent: mfad-agent, the process that holds the vault open and the sessions." + agentEnvironmentHelp,
	},
		agentVerb(c, startAgent, &cobra.Command{
			Use:   "start",
			Short: "Start the agent with this shell's environment",
			Long:  "Start the agent unless it runs." + agentEnvironmentHelp,
		}),
		agentVerb(c, stopAgent, &cobra.Command{
			Use:   "stop",
			Short: "Stop the agent: the vault is closed, sessions are forgotten",
			Long:  "Stop the agent. The vault is closed and every session forgotten.",
		}),
		agentVerb(c, restart, &cobra.Command{
			Use:   "restart",
			Short: "Stop the agent and start it anew",
			Long:  "Stop the agent, of whatever version it is, and start the one beside this program." + agentEnvironmentHelp,
		}))
}

// agentVerb makes cmd a verb about the agent, which takes no arguments.
func agentVerb(c *cli, run func(context.Context, *cli) error, cmd *cobra.Command) *cobra.Command {
	cmd.Example = "  mfad agent " + cmd.Use
	cmd.Args = argCount(0, 0)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), c) }
	return cmd
}

// startAgent starts an agent with our environment as it is.
func startAgent(ctx context.Context, c *cli) error {
	var s wire.Status
	switch err := c.callRunning(ctx, wire.MethodStatus, nil, &s); {
	case err == nil:
		c.say("mfad: the agent runs already, with pid %d", s.PID)
		c.hint(`Run "mfad agent restart" to hand it this shell's environment.`)
		return nil
	case !errors.Is(err, errNotRunning):
		return err
	}
	if err := c.connect(ctx, dialing{environ: os.Environ()}); err != nil {
		return err
	}
	if err := c.call(ctx, wire.MethodStatus, nil, &s); err != nil {
		return err
	}
	c.say("mfad: the agent runs, with pid %d", s.PID)
	return nil
}

// stopAgent returns when the agent has let go of its socket.
func stopAgent(ctx context.Context, c *cli) error {
	ctx, cancel := context.WithTimeoutCause(ctx, stopDeadline,
		advice{exitAgent, `Look for it with "pgrep -a mfad-agent".`}.errorf("the agent did not stop within %s", stopDeadline))
	defer cancel()
	err := c.callRunning(ctx, wire.MethodStop, nil, nil)
	c.close()
	var hung *client.HungError
	switch {
	case errors.As(err, &hung):
		return killAgent(ctx, c, hung)
	case errors.Is(err, errNotRunning):
		c.say("mfad: the agent is not running")
		return nil
	case err != nil && !errors.Is(err, errcode.Stopping) && !errors.Is(err, client.ErrAgentGone):
		return err
	}
	if err := c.awaitSilence(ctx); err != nil {
		return err
	}
	c.say("mfad: the agent has stopped")
	return nil
}

// killAgent ends an agent that answers nothing.
func killAgent(ctx context.Context, c *cli, hung *client.HungError) error {
	if err := hung.Kill(ctx); err != nil {
		return advice{exitAgent, `Look for it with "pgrep -a mfad-agent", and end it.`}.on(err)
	}
	c.say("mfad: the agent did not answer, and was killed (pid %d)", hung.PID)
	return nil
}
