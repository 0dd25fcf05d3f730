package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

// waysOpen are the choices of init's --keychain and --passphrase.
var waysOpen = []string{"auto", "yes", "no"}

func initCommand(c *cli) *cobra.Command {
	var p wire.VaultCreateParams
	var recoveryFile string
	var by answers
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make the vault",
		Long: `Make the vault that keeps access keys and MFA seeds. It has at least two ways in:
the keychain of the desktop, or a passphrase where there is none; and a recovery
key, which is shown once and kept nowhere.

The recovery key is shown on the terminal, or written to a new file with
--recovery-file; without either, nothing is made.`,
		Example: `  mfad init
  mfad init --passphrase yes                     # a passphrase beside the keychain
  mfad init --keychain no --passphrase-stdin --recovery-file recovery.txt < passphrase.txt`,
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for flag, value := range map[string]string{"keychain": p.Keychain, "passphrase": p.Passphrase} {
				if err := requireChoice(flag, value, waysOpen...); err != nil {
					return err
				}
			}
			if p.NoRecovery && recoveryFile != "" {
				return usagef("Give one of the two.", "--recovery-file with --no-recovery")
			}
			c.answerBy(by)
			return makeVault(cmd.Context(), c, p, recoveryFile)
		},
	}
	f := cmd.Flags()
	f.StringVar(&p.Keychain, "keychain", "auto", "a keychain slot: auto (if there is a keychain), yes, no")
	f.StringVar(&p.Passphrase, "passphrase", "auto", "a passphrase slot: auto (if there is no keychain slot), yes, no")
	f.BoolVar(&p.NoRecovery, "no-recovery", false, "make no recovery key")
	f.BoolVar(&p.OneWayIn, "one-way-in", false, "allow a vault with a single way in")
	f.StringVar(&recoveryFile, "recovery-file", "", "write the recovery key to this new file instead of the terminal")
	passphraseFlag(cmd, &by)
	for _, flag := range []string{"keychain", "passphrase"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(waysOpen, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func makeVault(ctx context.Context, c *cli, p wire.VaultCreateParams, recoveryFile string) error {
	var sink *recoverySink
	if !p.NoRecovery {
		var err error
		if sink, err = openRecoverySink(recoveryFile); err != nil {
			return err
		}
	}
	var made wire.VaultCreateResult
	err := c.call(ctx, wire.MethodVaultCreate, p, &made)
	if sink != nil && (err != nil || made.Recovery == nil) {
		sink.abandon()
	}
	if err != nil {
		return err
	}
	if made.Recovery != nil {
		if err := sink.deliver(c.console, string(made.Recovery), made.Vault.Path); err != nil {
			return err
		}
	}
	c.say("mfad: vault made in %s; ways in: %s", made.Vault.Path, words.WaysIn(made.Vault.Slots))
	c.hint(`Run "mfad key import --csv accessKeys.csv".`)
	return nil
}
