package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

func (c *cli) deviceCommand() *cobra.Command {
	return group("device", "Add, list, move and remove MFA devices", "The MFA devices whose secrets the vault keeps, or a hardware token.",
		c.deviceAddCommand(), c.deviceListCommand(), c.deviceMoveCommand(), c.deviceRemoveCommand())
}

func (c *cli) deviceListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the MFA devices",
		Example: "  mfad device list",
		Args:    takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			devices := []wire.Device{}
			if err := c.call(cmd.Context(), wire.MethodDeviceList, nil, &devices); err != nil {
				return err
			}
			if asJSON {
				return c.printJSON(devices)
			}
			if len(devices) == 0 {
				c.say("mfad: no MFA devices")
				c.hint(`Run "mfad device add phone --serial ARN".`)
				return nil
			}
			return c.print(deviceTable(devices).String())
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func deviceTable(devices []wire.Device) *table.Table {
	t := table.New("NAME", "SERIAL", "ISSUER", "ACCOUNT", "CODES", "ADDED", "WHERE")
	for _, d := range devices {
		t.Row(d.Name, table.OrDash(d.Serial), table.OrDash(d.Issuer), table.OrDash(d.Account),
			strconv.Itoa(d.Digits)+" digits, "+strconv.Itoa(d.Period)+" s, "+d.Algorithm, words.Day(d.Created), tokentext.Where(d.Tokens, d.Touch))
	}
	return t
}

func (c *cli) deviceRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove an MFA device's secret from the vault and its tokens",
		Long: `Remove an MFA device's secret from the vault, and from those of its tokens that
are plugged in; the others are named. AWS is not told, and shows a secret only
once: unless another copy exists, the device cannot give codes any more.`,
		Example:           "  mfad device remove phone",
		Args:              takes(1, 1),
		ValidArgsFunction: c.completeOne(c.completeDevices),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.subject = args[0]
			var r wire.RemoveResult
			if err := c.call(cmd.Context(), wire.MethodDeviceRemove, wire.NameParams{Name: args[0]}, &r); err != nil {
				return err
			}
			c.say("mfad: device %q removed; remove it at AWS, too", args[0])
			c.sayLeft(r.Left)
			return nil
		},
	}
}
