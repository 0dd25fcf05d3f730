package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/internal/human"
)

// A removal is what a verb does that removes an item from the vault and from
// the tokens that keep it.
type removal struct {
	method   string
	complete cobra.CompletionFunc // the names of what can be removed
	what     string               // it is: "access key"
	done     string               // what is said then, with %q for the name
	erases   bool                 // it takes --erase
}

// removeCommand makes cmd a verb that removes an item.
func removeCommand(c *cli, cmd *cobra.Command, r removal) *cobra.Command {
	var by answers
	var yes bool
	cmd.Use = "remove NAME"
	cmd.Args = argCount(1, 1)
	cmd.ValidArgsFunction = completeOne(r.complete)
	p := wire.NameParams{}
	if r.erases {
		cmd.Flags().BoolVar(&p.Erase, "erase", false, "erase also what a token had before mfad was told of it")
	}
	cmd.RunE = onNamed(func(cmd *cobra.Command, args []string) error {
		c.answerBy(by)
		if err := sure(cmd.Context(), c, yes, fmt.Sprintf("Erase %s %q for good?", r.what, args[0])); err != nil {
			return err
		}
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
