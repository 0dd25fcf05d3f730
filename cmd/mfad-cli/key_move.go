package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
)

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
