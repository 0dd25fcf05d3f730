package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

func deviceCommand(c *cli) *cobra.Command {
	return newGroup(&cobra.Command{
		Use:   "device",
		Short: "Add, list, rename, move and remove MFA devices",
		Long:  "The MFA devices whose secrets the vault keeps, or a hardware token.",
	},
		deviceAddCommand(c), deviceListCommand(c), deviceSetCommand(c), deviceRenameCommand(c),
		deviceMoveCommand(c), deviceResumeCommand(c), deviceRemoveCommand(c))
}

func deviceListCommand(c *cli) *cobra.Command {
	return listCommand(c.console, &cobra.Command{
		Use:     "list",
		Short:   "List the MFA devices",
		Example: "  mfad device list",
		Args:    argCount(0, 0),
	}, listing[wire.Device]{
		call:   c.call,
		method: wire.MethodDeviceList,
		table:  deviceTable,
		none:   "no MFA devices",
		hint:   func() string { return fmt.Sprintf(`Run "mfad device add NAME --serial %s".`, newKnown(c).serial()) },
	})
}

func deviceTable(devices []wire.Device) *table.Table {
	t := table.New("NAME", "SERIAL", "ISSUER", "ACCOUNT", "CODES", "ADDED", "WHERE")
	for _, d := range devices {
		codes := strconv.Itoa(d.Digits) + " digits, " + strconv.Itoa(d.Period) + " s, " + d.Algorithm
		t.Row(d.Name, table.OrDash(d.Serial), table.OrDash(d.Issuer), table.OrDash(d.Account),
			codes, words.Date(d.Created), tokentext.Location(d.Tokens, d.Touch))
	}
	return t
}

func deviceMoveCommand(c *cli) *cobra.Command {
	return moveCommand(c, &cobra.Command{
		Short: "Move an MFA device's secret from the vault onto a token",
		Long: `Move an MFA device's secret from the vault into the OATH applet of a YubiKey,
which from then on computes the codes and never gives the secret back; the vault
keeps only where it is. Profiles and "mfad code" work as before, while the token
is plugged in. A copy of the vault made earlier still holds the secret.

It takes a proof that you want it, even while the vault is open: the passphrase,
a token's PIN or touch, or a yes on the agent's own desktop.`,
		Example: `  mfad device move work --on-token
  mfad device move work --on-token --touch --token 12345678 --also 23456789`,
	}, moving[wire.Device]{
		method:   wire.MethodDeviceMove,
		complete: completeDevices(c.callRunning),
		touch:    "each code takes a touch",
		tell: func(d wire.Device) {
			c.say("mfad: device %q moved%s", d.Name, tokentext.OntoTokens(d.Tokens, d.Touch))
			sayOnlyThere(c.console, []wire.Device{d})
			c.hint(`Run "mfad code %s" to see that it works.`, d.Name)
		},
	})
}

func deviceResumeCommand(c *cli) *cobra.Command {
	var by answers
	cmd := &cobra.Command{
		Use:   "resume NAME",
		Short: "Let a device go on by this machine's clock, which is right now",
		Long: `Say that this machine's clock is right, for a device that gave a code of a time to
come: the clock was fast then. AWS's own time settles that by itself where AWS can
be asked; this is for where it cannot.

No code is given twice by that: those that the device has given are passed over
when their time comes. It takes a proof that you want it, even while the vault is
open, and leaves a line in the audit file.`,
		Example:           "  mfad device resume phone",
		Args:              argCount(1, 1),
		ValidArgsFunction: completeOne(completeDevices(c.callRunning)),
		RunE: onNamed(func(cmd *cobra.Command, args []string) error {
			c.answerBy(by)
			if err := c.call(cmd.Context(), wire.MethodDeviceResume, wire.NameParams{Name: args[0]}, nil); err != nil {
				return err
			}
			c.say("mfad: device %q goes on by this machine's clock, which shows %s", args[0], time.Now().Format(time.DateTime))
			return nil
		}),
	}
	proofFlags(c, cmd, &by)
	return cmd
}

func deviceRemoveCommand(c *cli) *cobra.Command {
	return removeCommand(c, &cobra.Command{
		Short: "Remove an MFA device's secret from the vault and its tokens",
		Long: `Remove an MFA device's secret from the vault, and from those of its tokens that
are plugged in; the others are named. It takes a proof that you want it, which
names the profiles that use the device. What a token had before mfad was told of
it stays there, unless with --erase. AWS is not told, and shows a secret only
once: unless another copy exists, the device cannot give codes any more.`,
		Example: "  mfad device remove phone",
	}, removal{
		method:   wire.MethodDeviceRemove,
		complete: completeDevices(c.callRunning), what: "device",
		done:   "device %q removed; remove it at AWS, too",
		erases: true,
	})
}
