package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

const rootHelp = `mfad keeps MFA seeds and AWS access keys in a vault, answers MFA prompts, and
hands short-lived AWS credentials to aws, to scripts and to every SDK.

The work is done by mfad-agent, which any verb starts when it is not running.`

const rootExample = `  mfad init                                      # make the vault
  mfad key import --csv accessKeys.csv           # bring in an access key, as "base"
  mfad device add phone --serial ARN             # and the MFA device's secret
  mfad profile add prod --role-arn ARN --source base --mfa-serial ARN
  aws --profile prod sts get-caller-identity`

// The groups of verbs, in the order of `mfad --help`.
const (
	groupStart  = "start"
	groupUse    = "use"
	groupSecret = "secret"
	groupLook   = "look"
)

// rootCommand is the whole tree of verbs.
func (c *cli) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "mfad",
		Short:         "MFA and short-lived AWS credentials",
		Long:          rootHelp,
		Example:       rootExample,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noSuchVerb,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return misuse(cmd, err) })
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: groupStart, Title: "Set up:"},
		&cobra.Group{ID: groupUse, Title: "Use:"},
		&cobra.Group{ID: groupSecret, Title: "The vault, tokens and the agent:"},
		&cobra.Group{ID: groupLook, Title: "Look:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, cmd := range commands {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	add(groupStart, c.initCommand(), c.keyCommand(), c.deviceCommand(), c.profileCommand(), completionCommand())
	add(groupUse, c.credentialsCommand(), c.execCommand(), c.envCommand(), c.codeCommand(), c.sessionCommand())
	add(groupSecret, c.lockCommand(), c.unlockCommand(), c.vaultCommand(), c.tokenCommand(), c.agentCommand())
	add(groupLook, c.statusCommand(), c.doctorCommand(), c.versionCommand())
	root.AddCommand(exitCodesTopic(), c.holdClipboardCommand())
	return root
}

// group makes a verb that only has verbs below it.
func group(use, short, long string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long:  long,
		Args:  noSuchVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
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

// takes is the Args of a verb that takes from least to most arguments.
func takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if n := len(args); n < least || n > most {
			return misuse(cmd, fmt.Errorf("%q was given %s", strings.TrimSuffix(cmd.UseLine(), " [flags]"), words.Counted(n, "argument")))
		}
		return nil
	}
}

// requireOne refuses a choice that is not among those named.
func requireOne(flag, value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return usagef(fmt.Sprintf("Give --%s one of: %s.", flag, strings.Join(choices, ", ")), "--%s %q is none of %s", flag, value, strings.Join(choices, ", "))
}
