package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
)

// A moving is what a verb does that moves a secret from the vault onto tokens.
// T is what is moved, as the agent tells of it.
type moving[T any] struct {
	method   string
	complete cobra.CompletionFunc // the names of what can be moved
	touch    string               // what takes a touch with --touch
	// untouched is said, before anything is done, of a secret that goes onto a
	// token without --touch: the token gives nothing back, so there is no second
	// choice. It may be empty.
	untouched string
	tell      func(moved T)
}

// moveCommand makes cmd a verb that moves a secret onto tokens.
func moveCommand[T any](c *cli, cmd *cobra.Command, m moving[T]) *cobra.Command {
	var o onToken
	var by answers
	cmd.Use = "move NAME --on-token"
	cmd.Args = argCount(1, 1)
	cmd.ValidArgsFunction = completeOne(m.complete)
	cmd.RunE = onNamed(func(cmd *cobra.Command, args []string) error {
		if !o.wanted {
			return usagef(`Run "`+cmd.CommandPath()+` {name} --on-token"; a token gives no secret back, so there is no other way to move it.`,
				"where to: --on-token is the only place")
		}
		if err := o.check(cmd); err != nil {
			return err
		}
		if !o.touch && m.untouched != "" {
			c.say("mfad: warning: %s", m.untouched)
		}
		c.answerBy(by)
		ctx := cmd.Context()
		serials, err := o.serials(ctx, c.call)
		if err != nil {
			return err
		}
		if err := o.requireClear(ctx, c.call); err != nil {
			return err
		}
		var moved T
		if err := c.call(ctx, m.method, wire.MoveParams{Name: args[0], Tokens: serials, Touch: o.touch}, &moved); err != nil {
			return err
		}
		m.tell(moved)
		return nil
	})
	o.flags(cmd, c.callRunning, m.touch)
	proofFlags(c, cmd, &by)
	return cmd
}
