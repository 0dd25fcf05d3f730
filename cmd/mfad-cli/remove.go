package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
)

// A removal is what a verb does that removes an item from the vault and from
// the tokens that keep it.
type removal struct {
	method   string
	complete cobra.CompletionFunc // the names of what can be removed
	done     string               // what is said then, with %q for the name
}

// removeCommand makes cmd a verb that removes an item.
func removeCommand(c *cli, cmd *cobra.Command, r removal) *cobra.Command {
	cmd.Use = "remove NAME"
	cmd.Args = argCount(1, 1)
	cmd.ValidArgsFunction = completeOne(r.complete)
	cmd.RunE = onNamed(func(cmd *cobra.Command, args []string) error {
		var result wire.RemoveResult
		if err := c.call(cmd.Context(), r.method, wire.NameParams{Name: args[0]}, &result); err != nil {
			return err
		}
		c.say("mfad: "+r.done, args[0])
		sayLeft(c.console, result.Left)
		return nil
	})
	return cmd
}
