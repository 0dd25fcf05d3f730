package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
)

func (c *cli) deviceMoveCommand() *cobra.Command {
	var o onToken
	cmd := &cobra.Command{
		Use:   "move NAME --on-token",
		Short: "Move an MFA device's secret from the vault onto a token",
		Long: `Move an MFA device's secret from the vault into the OATH applet of a YubiKey,
which from then on computes the codes and never gives the secret back; the vault
keeps only where it is. Profiles and "mfad code" work as before, while the token
is plugged in. A copy of the vault made earlier still holds the secret.

It takes a way into the vault, even while that is open: a passphrase is asked for
if nothing opens by itself.`,
		Example: `  mfad device move work --on-token
  mfad device move work --on-token --touch --token 12345678 --also 23456789`,
		Args:              takes(1, 1),
		ValidArgsFunction: c.completeOne(c.completeDevices),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.subject = args[0]
			if err := o.checkMove(cmd); err != nil {
				return err
			}
			p := wire.DeviceMoveParams{Name: args[0], Touch: o.touch}
			var err error
			if p.Tokens, err = c.tokens(cmd.Context(), o); err != nil {
				return err
			}
			if err := c.requireMeant(cmd.Context(), o); err != nil {
				return err
			}
			var d wire.Device
			if err := c.call(cmd.Context(), wire.MethodDeviceMove, p, &d); err != nil {
				return err
			}
			c.say("mfad: device %q moved%s", d.Name, tokentext.Onto(d.Tokens, d.Touch))
			c.sayOnlyThere([]wire.Device{d})
			c.hint(`Run "mfad code %s" to see that it works.`, d.Name)
			return nil
		},
	}
	c.onTokenFlags(cmd, &o, "each code takes a touch")
	c.passphraseFlag(cmd)
	return cmd
}

// sayOnlyThere says of devices that one token alone has, that this is so.
func (c *cli) sayOnlyThere(devices []wire.Device) {
	for _, d := range devices {
		if len(d.Tokens) == 1 {
			c.say("mfad: %s alone has the secret of %q: when it is lost, so is the device", tokentext.On(d.Tokens), d.Name)
		}
	}
}
