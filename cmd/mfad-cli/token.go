package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
)

func tokenCommand(c *cli) *cobra.Command {
	return newGroup(&cobra.Command{
		Use:   "token",
		Short: "Show hardware tokens, and protect what is on them",
		Long: `Hardware tokens: what is plugged in, and the access code of a YubiKey's OATH
applet. What goes onto a token is told by the verbs of what it is:
"mfad vault slot add --piv", "mfad device move", "mfad key move".`,
	},
		tokenListCommand(c), tokenProtectCommand(c))
}

func tokenListCommand(c *cli) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the tokens that are plugged in, and what mfad keeps on them",
		Long: `Show the tokens that are plugged in: what each can do, how many PIN tries are
left, which of its keys want a touch, and what mfad keeps on it. It needs no
vault, and asks nobody; what only an access code would show is said to be locked.

Why something cannot be found is told on standard error, with the package to
install where that is it. If nothing could be looked at, the exit code is 4;
with nothing plugged in it is 0.`,
		Example: "  mfad token list\n  mfad token list --json",
		Args:    argCount(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := wire.TokenListResult{Tokens: []wire.Token{}}
			if err := c.call(cmd.Context(), wire.MethodTokenList, nil, &r); err != nil {
				return err
			}
			return showTokens(c.console, r, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func showTokens(c console, r wire.TokenListResult, asJSON bool) error {
	var err error
	if asJSON {
		err = c.printJSON(r)
	} else {
		err = c.print(tokentext.Blocks(r.Tokens))
	}
	for _, fault := range r.Faults {
		c.say("mfad: %s", fault)
	}
	switch {
	case err != nil:
		return err
	case len(r.Tokens) == 0 && len(r.Faults) > 0:
		return advice{exitMissing, `Do what the lines above say, then run "mfad token list" again.`}.errorf("no token could be looked for")
	case len(r.Tokens) == 0:
		c.say("mfad: no token is plugged in")
	}
	for _, t := range r.Tokens {
		for _, few := range tokentext.Warnings(t) {
			c.say("mfad: %s: %s", tokentext.Name(t), few.Text)
			c.hint("%s", few.Hint)
		}
	}
	return nil
}
