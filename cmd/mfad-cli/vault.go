package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

func vaultCommand(c *cli) *cobra.Command {
	return newGroup(&cobra.Command{
		Use:   "vault",
		Short: "Show and verify the vault, change its ways in",
		Long:  "The vault: plain age files, one for each secret and one for each way in.",
	},
		vaultShowCommand(c), vaultVerifyCommand(c), vaultHoldCommand(c), vaultAcceptCommand(c), slotCommand(c))
}

func vaultShowCommand(c *cli) *cobra.Command {
	return showCommand(c.console, &cobra.Command{
		Use:     "show",
		Short:   "Show the vault: its folder, its ways in and what it keeps",
		Example: "  mfad vault show\n  mfad vault show --json",
		Args:    argCount(0, 0),
	}, showing[wire.Vault]{
		fetch: func(ctx context.Context, _ []string) (v wire.Vault, err error) {
			err = c.call(ctx, wire.MethodVaultShow, nil, &v)
			return v, err
		},
		tell: func(v wire.Vault) error { return c.print(vaultText(v, time.Now())) },
	})
}

func vaultText(v wire.Vault, now time.Time) string {
	facts := table.New("vault:", v.Name)
	facts.Row("folder:", v.Path)
	facts.Row("state:", words.VaultState(v, now))
	facts.Row("hold:", words.HoldTime(v.Hold))
	facts.Row("generation:", strconv.FormatUint(v.Generation, 10))
	facts.Row("recipient:", v.Recipient)
	slots := table.New("SLOT", "KIND", "LABEL", "MADE", "TOKEN")
	for _, s := range v.Slots {
		slots.Row(s.ID, s.Kind, table.OrDash(s.Label), words.Date(s.Created), table.OrDash(s.Token))
	}
	items := table.New("ITEM", "KIND", "NAME", "MADE")
	for _, i := range v.Items {
		items.Row(i.ID, i.Kind, i.Name, words.Date(i.Created))
	}
	return facts.String() + "\n" + slots.String() + "\n" + items.String()
}

func vaultVerifyCommand(c *cli) *cobra.Command {
	return showCommand(c.console, &cobra.Command{
		Use:   "verify",
		Short: "Check every file of the vault",
		Long: `Check every file of the vault against its manifest, and open every item. Faults
are told one a line on standard output; then the exit code is 1.`,
		Example: "  mfad vault verify",
		Args:    argCount(0, 0),
	}, showing[wire.VaultVerifyResult]{
		fetch: func(ctx context.Context, _ []string) (r wire.VaultVerifyResult, err error) {
			err = c.call(ctx, wire.MethodVaultVerify, nil, &r)
			return r, err
		},
		tell: func(r wire.VaultVerifyResult) error { return c.print(verifyText(r)) },
		after: func(r wire.VaultVerifyResult) error {
			if len(r.Faults) == 0 {
				return nil
			}
			hint := adviceOn(errcode.VaultDamaged).hint
			return advice{exitError, hint}.errorf("the vault has %s", words.Count(len(r.Faults), "fault"))
		},
	})
}

func verifyText(r wire.VaultVerifyResult) string {
	var b strings.Builder
	for _, f := range r.Faults {
		b.WriteString(line.One(f) + "\n")
	}
	fmt.Fprintf(&b, "checked %s and %s: %s\n",
		words.Count(r.Items, "item"), words.Count(r.Slots, "slot"), words.Count(len(r.Faults), "fault"))
	return b.String()
}

func vaultAcceptCommand(c *cli) *cobra.Command {
	var by answers
	cmd := &cobra.Command{
		Use:   "accept-restore",
		Short: "Accept a vault that you restored from a backup",
		Long: `Accept a vault that you restored from a backup. mfad refuses a vault that is
older than the one it saw last, or another one: somebody may have put it there.
Who restored it says so with this, and proves it by a way in. What was written
after the backup is not in the vault any more; its files stay in the folder,
with names that end in ".kept".`,
		Example:           "  mfad vault accept-restore",
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.answerBy(by)
			var v wire.Vault
			if err := c.call(cmd.Context(), wire.MethodVaultAccept, nil, &v); err != nil {
				return err
			}
			c.say("mfad: vault %q is accepted as the newest, as generation %d", v.Name, v.Generation)
			return nil
		},
	}
	proofFlags(c, cmd, &by)
	return cmd
}

// untilLocked is how the hold time "as long as nobody locks" is written.
const untilLocked = "until-locked"

func vaultHoldCommand(c *cli) *cobra.Command {
	var by answers
	cmd := &cobra.Command{
		Use:   "hold DURATION",
		Short: "Set for how long the vault stays open once unlocked",
		Long: `Set for how long the vault stays open once unlocked: a duration such as 15m
or 8h; 0 to unlock it for each use; or "` + untilLocked + `". A longer time than before
takes a proof that you want it, even while the vault is open.`,
		Example:   "  mfad vault hold 15m\n  mfad vault hold 0\n  mfad vault hold " + untilLocked,
		Args:      argCount(1, 1),
		ValidArgs: []string{"0", "15m", "1h", "8h", untilLocked},
		RunE: func(cmd *cobra.Command, args []string) error {
			hold, err := parseHold(args[0])
			if err != nil {
				return err
			}
			c.answerBy(by)
			p := wire.VaultHoldParams{Seconds: int64(hold / time.Second)}
			if err := c.call(cmd.Context(), wire.MethodVaultHold, p, nil); err != nil {
				return err
			}
			c.say("mfad: hold: %s", words.HoldTime(p.Seconds))
			return nil
		},
	}
	proofFlags(c, cmd, &by)
	return cmd
}

// parseHold reads whole seconds; -1 s stands for until locked.
func parseHold(text string) (time.Duration, error) {
	const hint = `Give a duration such as 15m or 8h, or 0, or "` + untilLocked + `".`
	if text == untilLocked {
		return -time.Second, nil
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, usagef(hint, "%.40q is not a duration", text)
	case d < 0 || d != d.Truncate(time.Second):
		return 0, usagef(hint, "a hold time is a whole number of seconds, not %s", d)
	}
	return d, nil
}
