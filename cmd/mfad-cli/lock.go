package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

func lockCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "lock",
		Short: "Close the vault and forget every session",
		Long: `Close the vault and forget every session. From then on requests fail at once,
until "mfad unlock" or a restart of the agent.`,
		Example:           "  mfad lock",
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := c.callRunning(cmd.Context(), wire.MethodVaultLock, nil, nil)
			if errors.Is(err, errNotRunning) {
				c.say("mfad: the agent is not running: the vault is closed, and no session is kept")
				return nil
			} else if err != nil {
				return err
			}
			c.say("mfad: locked, and every session forgotten")
			return nil
		},
	}
}

func unlockCommand(c *cli) *cobra.Command {
	var p wire.VaultUnlockParams
	var by answers
	cmd := &cobra.Command{
		Use:   "unlock",
		Short: "Open the vault",
		Long: `Open the vault for its hold time: by the keychain if it has such a slot, by a
hardware token if one of its is plugged in, else by the passphrase. --slot
chooses a way in, by its ID or kind: "piv" and "fido2" are a token, which is
waited for, "recovery" asks for the recovery key. A vault that a token has opened
closes when that is pulled out.

If it is open, its hold time begins anew. That takes a way in as well: whoever
could do without would keep the vault open for ever.

With --passphrase-stdin the first line of standard input is never tried as a
token's PIN, unless --slot chooses the token or no passphrase opens the vault.`,
		Example: `  mfad unlock
  mfad unlock --slot piv
  mfad unlock --slot recovery
  mfad unlock --passphrase-stdin < passphrase.txt`,
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			by.pinStdin = p.Slot != ""
			c.answerBy(by)
			var before, v wire.Vault
			_ = c.call(cmd.Context(), wire.MethodVaultShow, nil, &before) // what is wrong with it, unlock says
			if err := c.call(cmd.Context(), wire.MethodVaultUnlock, p, &v); err != nil {
				return err
			}
			c.say("mfad: vault %q is %s%s", v.Name, words.VaultState(v, time.Now()), renewed(before, v))
			return nil
		},
	}
	cmd.Flags().StringVar(&p.Slot, "slot", "", "the way in: an ID or a kind ("+strings.Join(slotKindNames(), ", ")+")")
	_ = cmd.RegisterFlagCompletionFunc("slot", completeWaysIn(c.callRunning))
	passphraseFlag(cmd, &by)
	return cmd
}

// renewed says whether the hold time of a vault that was open began anew.
func renewed(before, now wire.Vault) string {
	switch {
	case before.Name == "" || before.Locked || now.HeldUntil.IsZero():
		return ""
	case now.HeldUntil.After(before.HeldUntil):
		return "; its hold time begins anew"
	}
	return "; it was open, and nobody could be asked to open it for longer"
}
