package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
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
func rootCommand(c *cli) *cobra.Command {
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
	root.SetHelpCommand(helpCommand())
	root.Version = wire.Version // which declares --version
	root.SetVersionTemplate(versionText())
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
	add(groupStart, initCommand(c), keyCommand(c), deviceCommand(c), profileCommand(c), completionCommand())
	add(groupUse, credentialsCommand(c), execCommand(c), envCommand(c), codeCommand(c), sessionCommand(c))
	add(groupSecret, lockCommand(c), unlockCommand(c), vaultCommand(c), tokenCommand(c), agentCommand(c))
	add(groupLook, statusCommand(c), doctorCommand(c), versionCommand(c))
	root.AddCommand(exitCodesTopic(), holdClipboardCommand(c), manCommand())
	addAliases(root)
	return root
}

// aliases are what people type for a verb from habit.
var aliases = map[string][]string{"list": {"ls"}, "remove": {"rm"}}

func addAliases(cmd *cobra.Command) {
	cmd.Aliases = aliases[cmd.Name()]
	for _, below := range cmd.Commands() {
		addAliases(below)
	}
}
