package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
)

func (c *cli) tokenProtectCommand() *cobra.Command {
	var token string
	var remember, forget, remove bool
	cmd := &cobra.Command{
		Use:   "protect [--remember | --forget | --remove]",
		Short: "Set, change, remember or remove the access code of a token's OATH applet",
		Long: `Set or change the access code of a token's OATH applet, without which nothing
plugged into another machine shows or computes its codes. It is asked for twice,
and remembered in the vault, so that it is not asked for at each code. There is
no counter of tries: take a long one.

--remember asks for the access code that is set and keeps it in the vault;
--forget drops it from there; --remove takes it off the token. To set and to
remove it takes a way into the vault, even while that is open. An access code is
never taken from the command line.`,
		Example: `  mfad token protect
  mfad token protect --token 12345678 --remember`,
		Args:              takes(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			action, err := protectAction(cmd, remember, forget, remove)
			if err != nil {
				return err
			}
			var t wire.Token
			if err := c.call(cmd.Context(), wire.MethodTokenProtect, wire.TokenProtectParams{Token: token, Action: action}, &t); err != nil {
				return err
			}
			c.say("mfad: %s: %s", tokentext.Name(t), protected(action))
			return nil
		},
	}
	f := cmd.Flags()
	c.tokenFlag(cmd, &token)
	f.BoolVar(&remember, "remember", false, "keep the access code that is set in the vault")
	f.BoolVar(&forget, "forget", false, "drop the access code from the vault")
	f.BoolVar(&remove, "remove", false, "take the access code off the token")
	c.passphraseFlag(cmd)
	return cmd
}

// protected says what an action of `token protect` has done.
func protected(action string) string {
	switch action {
	case wire.ProtectRemember:
		return "the vault remembers the access code"
	case wire.ProtectForget:
		return "the vault has forgotten the access code; it is still set on the token"
	case wire.ProtectRemove:
		return "the access code is removed: whoever has the token has its codes"
	}
	return "the access code is set, and the vault remembers it"
}

func protectAction(cmd *cobra.Command, remember, forget, remove bool) (string, error) {
	action, given := wire.ProtectSet, 0
	for _, choice := range []struct {
		given  bool
		action string
	}{{remember, wire.ProtectRemember}, {forget, wire.ProtectForget}, {remove, wire.ProtectRemove}} {
		if choice.given {
			action = choice.action
			given++
		}
	}
	if given > 1 {
		return "", misuse(cmd, errors.New("--remember, --forget and --remove: it is one of them"))
	}
	return action, nil
}
