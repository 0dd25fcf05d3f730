package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
)

// A protecting is one thing that `token protect` does. The first needs no flag.
type protecting struct {
	flag, help string
	action     string
	done       string // what is said then
}

var protectings = []protecting{
	{
		action: wire.ProtectSet,
		done:   "the access code is set, and the vault remembers it",
	},
	{
		flag: "remember", help: "keep the access code that is set in the vault",
		action: wire.ProtectRemember,
		done:   "the vault remembers the access code",
	},
	{
		flag: "forget", help: "drop the access code from the vault",
		action: wire.ProtectForget,
		done:   "the vault has forgotten the access code; it is still set on the token",
	},
	{
		flag: "remove", help: "take the access code off the token",
		action: wire.ProtectRemove,
		done:   "the access code is removed: whoever has the token has its codes",
	},
}

func tokenProtectCommand(c *cli) *cobra.Command {
	var token string
	var by answers
	cmd := &cobra.Command{
		Use:   "protect [--remember | --forget | --remove]",
		Short: "Set, change, remember or remove the access code of a token's OATH applet",
		Long: `Set or change the access code of a token's OATH applet, without which nothing
plugged into another machine shows or computes its codes. It is asked for twice,
and remembered in the vault, so that it is not asked for at each code. There is
no counter of tries: take a long one.

--remember asks for the access code that is set and keeps it in the vault;
--forget drops it from there; --remove takes it off the token. To set, drop or
remove it takes a proof that you want it, even while the vault is open. An access
code is never taken from the command line.

With --passphrase-stdin the lines of standard input are, in this order: the
vault's passphrase (of a vault without one there is no such line; for --remember,
only if the vault is locked), the access code that is set (unless none is, or
the vault remembers it), and the new one.`,
		Example: `  mfad token protect
  mfad token protect --token 12345678 --remember`,
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted, err := wantedProtecting(cmd)
			if err != nil {
				return err
			}
			c.answerBy(by)
			var t wire.Token
			p := wire.TokenProtectParams{Token: token, Action: wanted.action}
			if err := c.call(cmd.Context(), wire.MethodTokenProtect, p, &t); err != nil {
				return err
			}
			c.say("mfad: %s: %s", tokentext.Name(t), wanted.done)
			return nil
		},
	}
	tokenFlag(cmd, c.callRunning, &token)
	for _, p := range protectings[1:] {
		cmd.Flags().Bool(p.flag, false, p.help)
	}
	proofFlags(c, cmd, &by)
	return cmd
}

// wantedProtecting is the one that the flags ask for.
func wantedProtecting(cmd *cobra.Command) (protecting, error) {
	wanted, given := protectings[0], 0
	for _, p := range protectings[1:] {
		if is, err := cmd.Flags().GetBool(p.flag); err != nil {
			return wanted, err
		} else if is {
			wanted = p
			given++
		}
	}
	if given > 1 {
		return wanted, misuse(cmd, errors.New("--remember, --forget and --remove: it is one of them"))
	}
	return wanted, nil
}
