package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

func (c *cli) vaultCommand() *cobra.Command {
	return group("vault", "Show and verify the vault, change its ways in", "The vault: plain age files, one for each secret and one for each way in.",
		c.vaultShowCommand(), c.vaultVerifyCommand(), c.vaultHoldCommand(), c.slotCommand())
}

func (c *cli) vaultShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the vault: its folder, its ways in and what it keeps",
		Example: "  mfad vault show\n  mfad vault show --json",
		Args:    takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var v wire.Vault
			if err := c.call(cmd.Context(), wire.MethodVaultShow, nil, &v); err != nil {
				return err
			}
			if asJSON {
				return c.printJSON(v)
			}
			return c.print(vaultText(v, time.Now()))
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func vaultText(v wire.Vault, now time.Time) string {
	facts := newTable("vault:", v.Name)
	facts.row("folder:", v.Path)
	facts.row("state:", vaultState(v, now))
	facts.row("hold:", holdText(v.Hold))
	facts.row("generation:", strconv.FormatUint(v.Generation, 10))
	facts.row("recipient:", v.Recipient)
	slots := newTable("SLOT", "KIND", "LABEL", "MADE", "TOKEN")
	for _, s := range v.Slots {
		slots.row(s.ID, s.Kind, orDash(s.Label), s.Created.Local().Format("2006-01-02"), orDash(s.Token))
	}
	items := newTable("ITEM", "KIND", "NAME", "MADE")
	for _, i := range v.Items {
		items.row(i.ID, i.Kind, i.Name, i.Created.Local().Format("2006-01-02"))
	}
	return facts.String() + "\n" + slots.String() + "\n" + items.String()
}

func vaultState(v wire.Vault, now time.Time) string {
	switch {
	case v.Locked:
		return "locked"
	case v.HeldUntil.IsZero():
		return "unlocked"
	}
	return "unlocked for " + lifetime(v.HeldUntil, now)
}

func holdText(seconds int64) string {
	switch {
	case seconds < 0:
		return "until it is locked"
	case seconds == 0:
		return "unlocked for each use"
	}
	return span(time.Duration(seconds)*time.Second) + " after an unlock"
}

func (c *cli) vaultVerifyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every file of the vault",
		Long: `Check every file of the vault against its manifest, and open every item. Faults
are told one a line on standard output; then the exit code is 1.`,
		Example: "  mfad vault verify",
		Args:    takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var r wire.VaultVerifyResult
			if err := c.call(cmd.Context(), wire.MethodVaultVerify, nil, &r); err != nil {
				return err
			}
			if asJSON {
				if err := c.printJSON(r); err != nil {
					return err
				}
			} else if err := c.print(verifyText(r)); err != nil {
				return err
			}
			if len(r.Faults) > 0 {
				return failf(exitError, adviceOn(errcode.VaultDamaged).hint, "the vault has %s", counted(len(r.Faults), "fault"))
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func verifyText(r wire.VaultVerifyResult) string {
	var b strings.Builder
	for _, f := range r.Faults {
		b.WriteString(line.One(f) + "\n")
	}
	fmt.Fprintf(&b, "checked %s and %s: %s\n", counted(r.Items, "item"), counted(r.Slots, "slot"), counted(len(r.Faults), "fault"))
	return b.String()
}

// untilLocked is how the hold time "as long as nobody locks" is written.
const untilLocked = "until-locked"

func (c *cli) vaultHoldCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hold DURATION",
		Short: "Set for how long the vault stays open once unlocked",
		Long: `Set for how long the vault stays open once unlocked: a duration such as 15m
or 8h; 0 to unlock it for each use; or "` + untilLocked + `". A longer time than before
takes a way in, even while the vault is open.`,
		Example:   "  mfad vault hold 15m\n  mfad vault hold 0\n  mfad vault hold " + untilLocked,
		Args:      takes(1, 1),
		ValidArgs: []string{"0", "15m", "1h", "8h", untilLocked},
		RunE: func(cmd *cobra.Command, args []string) error {
			hold, err := parseHold(args[0])
			if err != nil {
				return err
			}
			p := wire.VaultHoldParams{Seconds: int64(hold / time.Second)}
			if err := c.call(cmd.Context(), wire.MethodVaultHold, p, nil); err != nil {
				return err
			}
			c.say("mfad: hold: %s", holdText(p.Seconds))
			return nil
		},
	}
	c.passphraseFlag(cmd)
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
