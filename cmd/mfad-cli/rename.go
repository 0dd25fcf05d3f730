package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

// A renaming is what a verb does that gives an item of the vault another name. T is
// what the agent tells of the item.
type renaming[T any] struct {
	method string
	tell   func(old string, now T)
}

// renameCommand makes cmd a verb that gives an item of the vault another name.
func renameCommand[T any](c *cli, cmd *cobra.Command, r renaming[T]) *cobra.Command {
	var by answers
	cmd.Use = "rename OLD NEW"
	cmd.Args = argCount(2, 2)
	cmd.RunE = onNamed(func(cmd *cobra.Command, args []string) error {
		c.answerBy(by)
		var now T
		if err := c.call(cmd.Context(), r.method, wire.RenameParams{Name: args[0], To: args[1]}, &now); err != nil {
			return err
		}
		r.tell(args[0], now)
		return nil
	})
	proofFlags(c, cmd, &by)
	return cmd
}

func keyRenameCommand(c *cli) *cobra.Command {
	return renameCommand(c, &cobra.Command{
		Short: "Give an access key another name",
		Long: `Give an access key of the vault another name. The key, what it may be used with,
and its sessions stay. Profiles find a key by its name (mfad_access_key,
source_profile): those that have the old one are named with file and line, and
need the new one there.

It takes a proof that you want it, even while the vault is open: a name is what
you go by when you trust, replace or erase a key.`,
		Example:           "  mfad key rename base work",
		ValidArgsFunction: completeOne(completeKeys(c.callRunning)),
	}, renaming[wire.KeyRenameResult]{wire.MethodKeyRename, func(old string, now wire.KeyRenameResult) {
		tellRenamedKey(c.console, old, now)
	}})
}

// tellRenamedKey says which settings have to be mended: a person's files are theirs,
// and a name in them may mean a profile, too.
func tellRenamedKey(c console, old string, now wire.KeyRenameResult) {
	c.say("mfad: access key %s is %q now", now.Key.AccessKeyID, now.Key.Name)
	var places, profiles []string
	seen := map[string]bool{}
	for _, use := range now.Uses {
		profiles = append(profiles, use.Name)
		if !seen[use.From] {
			seen[use.From], places = true, append(places, use.From)
		}
	}
	if len(places) == 0 {
		return
	}
	c.say("mfad: the old name, by which there is no key now, serves %s: %s", words.Count(len(profiles), "profile"),
		strings.Join(profiles, ", "))
	c.hint(`Write %s in place of %s in %s, then run "mfad profile show %s".`,
		now.Key.Name, old, strings.Join(places, ", "), pasteName(profiles[0]))
}

func deviceRenameCommand(c *cli) *cobra.Command {
	return renameCommand(c, &cobra.Command{
		Short: "Give an MFA device another name",
		Long: `Give an MFA device of the vault another name. Profiles find a device by its serial
number, so they work as before; a token keeps its secret under the old name.

It takes a proof that you want it, even while the vault is open: a name is what
you go by when you take a code, or erase a device.`,
		Example:           "  mfad device rename phone work",
		ValidArgsFunction: completeOne(completeDevices(c.callRunning)),
	}, renaming[wire.Device]{wire.MethodDeviceRename, func(old string, now wire.Device) {
		c.say("mfad: device %q is %q now", old, now.Name)
	}})
}

func deviceSetCommand(c *cli) *cobra.Command {
	var by answers
	p := wire.DeviceSetParams{}
	cmd := &cobra.Command{
		Use:   "set NAME --serial ARN",
		Short: "Give an MFA device the serial number by which AWS knows it",
		Long: `Give an MFA device of the vault the serial number by which AWS knows it, which
connects it with a profile's mfa_serial; --serial "" takes it away. The secret
stays what and where it is, and no code is given again because of it.

Where the device had a serial number, it takes a proof that you want it, even
while the vault is open, which names the profiles that find the device by it.`,
		Example: `  mfad device set phone --serial arn:aws:iam::123456789012:mfa/alice
  mfad device set phone --serial ""`,
		Args:              argCount(1, 1),
		ValidArgsFunction: completeOne(completeDevices(c.callRunning)),
		RunE: onNamed(func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("serial") {
				return misuse(cmd, fmt.Errorf("give --serial: it is all that can be set"))
			}
			c.answerBy(by)
			p.Name = args[0]
			var now wire.Device
			if err := c.call(cmd.Context(), wire.MethodDeviceSet, p, &now); err != nil {
				return err
			}
			if now.Serial == "" {
				c.say("mfad: device %q has no serial number any more: no profile finds it", now.Name)
				return nil
			}
			c.say("mfad: device %q is %s: profiles with that mfa_serial find it", now.Name, now.Serial)
			return nil
		}),
	}
	cmd.Flags().StringVar(&p.Serial, "serial", "", `its ARN at AWS, or what is printed on a fob; "" takes it away`)
	_ = cmd.RegisterFlagCompletionFunc("serial", completeWords(func() []string { return newKnown(c).serials() }))
	proofFlags(c, cmd, &by)
	return cmd
}
