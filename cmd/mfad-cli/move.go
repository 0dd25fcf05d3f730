package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
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

func keyMoveCommand(c *cli) *cobra.Command {
	return moveCommand(c, &cobra.Command{
		Short: "Move a secret access key from the vault onto a token",
		Long: `Move a secret access key from the vault into the OATH applet of a YubiKey, which
never gives it back; the vault keeps only where it is. AWS's requests are signed
with a key that is good for one UTC day, which the token computes and the agent
keeps until the day ends or the vault locks. With --touch that takes one touch a
day, and one after each unlock in between. Profiles work as before, while the
token is plugged in when a day's key is wanted.

Without --touch, any program of yours can ask the token for a day's key at any
time. A copy of the vault made earlier still holds the secret.

It takes a proof that you want it, even while the vault is open: the passphrase,
a token's PIN or touch, or a yes on the agent's own desktop.`,
		Example: `  mfad key move base --on-token --touch
  mfad key move base --on-token --touch --token 12345678 --also 23456789`,
	}, moving[wire.Key]{
		method:    wire.MethodKeyMove,
		complete:  completeKeys(c.callRunning),
		touch:     "each day's first use takes a touch",
		untouched: "without --touch any program of yours can ask the token for a day's key at any time",
		tell:      func(k wire.Key) { tellMovedKey(c.console, k) },
	})
}

func tellMovedKey(c console, k wire.Key) {
	c.say("mfad: the secret of access key %q moved%s", k.Name, tokentext.OntoTokens(k.Tokens, false))
	works := "profiles work as before"
	if k.Touch {
		works += "; one touch signs until the UTC day ends or the vault locks"
	}
	c.say("mfad: %s", works)
	c.hint("Delete the other copies of the secret: the console's CSV file, ~/.aws/credentials and its .mfad-backup.")
}
