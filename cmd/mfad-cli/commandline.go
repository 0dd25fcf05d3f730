package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

// newGroup makes cmd a verb that only has verbs below it.
func newGroup(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.Args = noSuchVerb
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(below...)
	return cmd
}

// noSuchVerb is the Args of a verb that has only verbs below it.
func noSuchVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("Run %q to see the verbs.", cmd.CommandPath()+" --help")
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("Run %q.", cmd.CommandPath()+" "+near[0])
	}
	return usagef(hint, "%s has no verb %q", cmd.CommandPath(), args[0])
}

// misuse is a mistake in the command line of a verb.
func misuse(cmd *cobra.Command, err error) error {
	return &fault{err, exitUsage, fmt.Sprintf("Run %q.", cmd.CommandPath()+" --help")}
}

// argCount is the Args of a verb that takes from least to most arguments.
func argCount(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if n := len(args); n < least || n > most {
			line := strings.TrimSuffix(cmd.UseLine(), " [flags]")
			return misuse(cmd, fmt.Errorf("%q was given %s", line, words.Count(n, "argument")))
		}
		return nil
	}
}

// requireChoice refuses a choice that is not among those named.
func requireChoice(flag, value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	all := strings.Join(choices, ", ")
	return usagef(fmt.Sprintf("Give --%s one of: %s.", flag, all), "--%s %q is none of %s", flag, value, all)
}

// jsonFlag declares --json.
func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON, for programs")
	if cmd.ValidArgsFunction == nil && cmd.Args != nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
}

// passphraseFlag declares --passphrase-stdin, which answers the agent's
// questions for secrets from the lines of standard input.
func passphraseFlag(cmd *cobra.Command, by *answers) {
	cmd.Flags().BoolVar(&by.passphraseStdin, "passphrase-stdin", false,
		"answer questions with the lines of standard input, in turn: the vault's passphrase if it has one, then PINs and access codes")
}

// proofFlags declares how the person proves that they want what takes a proof: by
// which slot, and where its secret is read.
func proofFlags(c *cli, cmd *cobra.Command, by *answers) {
	passphraseFlag(cmd, by)
	cmd.Flags().StringVar(&by.slot, "slot", "", "prove that you may by this way in: an ID of \"mfad vault show\", or a kind such as recovery")
	_ = cmd.RegisterFlagCompletionFunc("slot", completeWaysIn(c.callRunning))
}

// onNamed makes the RunE of a verb whose first argument, if there is one, names
// what an error is about.
func onNamed(run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if len(args) == 0 {
			return err
		}
		return errorAbout(args[0], err)
	}
}
