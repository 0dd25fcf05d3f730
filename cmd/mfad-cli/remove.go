package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
)

// A removal is what a verb does that removes an item from the vault and from
// the tokens that keep it.
type removal struct {
	method   string
	complete cobra.CompletionFunc // the names of what can be removed
	done     string               // what is said then, with %q for the name
	erases   bool                 // it takes --erase
}

// removeCommand makes cmd a verb that removes an item.
func removeCommand(c *cli, cmd *cobra.Command, r removal) *cobra.Command {
	cmd.Use = "remove NAME"
	cmd.Args = argCount(1, 1)
	cmd.ValidArgsFunction = completeOne(r.complete)
	p := wire.NameParams{}
	if r.erases {
		cmd.Flags().BoolVar(&p.Erase, "erase", false, "erase also what a token had before mfad was told of it")
	}
	cmd.RunE = onNamed(func(cmd *cobra.Command, args []string) error {
		var result wire.RemoveResult
		p.Name = args[0]
		if err := c.call(cmd.Context(), r.method, p, &result); err != nil {
			return err
		}
		c.say("mfad: "+r.done, args[0])
		sayLeft(c.console, result.Left)
		if len(result.Kept) > 0 {
			c.say("mfad: %q stays on %s, where it was before mfad", result.Credential, tokentext.OnTokens(result.Kept))
		}
		return nil
	})
	return cmd
}
