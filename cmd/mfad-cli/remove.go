package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// A removal is what a verb does that removes an item from the vault and from
// the tokens that keep it.
type removal struct {
	method   string
	complete cobra.CompletionFunc // the names of what can be removed
	what     string               // it is: "access key"
	done     string               // what is said then, with %q for the name
}

// removeCommand makes cmd a verb that removes an item.
func removeCommand(c *cli, cmd *cobra.Command, r removal) *cobra.Command {
	var by answers
	var yes bool
	cmd.Use = "remove NAME"
	cmd.Args = argCount(1, 1)
	cmd.ValidArgsFunction = completeOne(r.complete)
	cmd.RunE = onNamed(func(cmd *cobra.Command, args []string) error {
		c.answerBy(by)
		if err := sure(cmd.Context(), c, yes, fmt.Sprintf("Erase %s %q for good?", r.what, args[0])); err != nil {
			return err
		}
		var result wire.RemoveResult
		if err := c.call(cmd.Context(), r.method, wire.NameParams{Name: args[0]}, &result); err != nil {
			return err
		}
		c.say("mfad: "+r.done, args[0])
		sayLeft(c.console, result.Left)
		return nil
	})
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask whether you are sure; a proof is asked for all the same")
	proofFlags(c, cmd, &by)
	return cmd
}

// sure asks a person at a terminal whether they mean it.
func sure(ctx context.Context, c *cli, yes bool, question string) error {
	terminal := c.terminal()
	if yes || terminal == nil || c.passphraseStdin || !c.inIsTerminal() {
		return nil
	}
	answer, err := terminal.Ask(ctx, human.Question{Kind: human.Confirm, What: question})
	if err == nil && !answer.Yes {
		err = errDismissed
	}
	return err
}
