package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/internal/serial"
)

// maxSeed bounds a seed's text; a migration URI of ten devices has under 1 KiB.
const maxSeed = 16 << 10

// A deviceAdd is the command line of `mfad device add`.
type deviceAdd struct {
	name    string
	picture string
	serials []string
	replace bool
	onToken onToken
	toVault bool
}

func deviceAddCommand(c *cli) *cobra.Command {
	var d deviceAdd
	var by answers
	cmd := &cobra.Command{
		Use:   "add [NAME] --serial ARN",
		Short: "Add an MFA device by its secret",
		Long: `Add an MFA device. Its secret is what AWS shows when a virtual device is made:
the base32 "secret key", an otpauth:// URI, or the picture of the QR code. An
otpauth-migration:// URI (the export of Google Authenticator) brings several
devices, which name themselves.

The secret is read from standard input when that is not a terminal, else asked
for without echo; or it is read from a picture with --qr. It is never taken
from the command line, which every process of this machine can read.

The serial is the ARN that the IAM console shows for the device; it is what
connects the device with a profile's mfa_serial.

With --on-token the secret goes into the OATH applet of a YubiKey and nowhere
else: the token computes the codes, and never gives the secret back. --also
fills a second token in the same go, for the day the first is lost.`,
		Example: `  mfad device add phone --serial arn:aws:iam::123456789012:mfa/alice
  mfad device add phone --serial arn:aws:iam::123456789012:mfa/alice --qr screenshot.png
  pass show aws/mfa | mfad device add phone --serial arn:aws:iam::123456789012:mfa/alice
  mfad device add work --serial arn:aws:iam::123456789012:mfa/alice --on-token --touch
  mfad device add work --serial ARN --on-token --token 12345678 --also 23456789`,
		Args:              refuseSeedArgument,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: onNamed(func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				d.name = args[0]
			}
			if err := d.onToken.check(cmd); err != nil {
				return err
			}
			if by.passphraseStdin && (d.picture == "" || d.picture == "-") {
				return misuse(cmd, errors.New("--passphrase-stdin takes standard input: give the secret by --qr FILE"))
			}
			c.answerBy(by)
			return d.add(cmd.Context(), c)
		}),
	}
	cmd.Flags().StringArrayVar(&d.serials, "serial", nil, "the device's serial number: its ARN at AWS (repeatable, for an export of several)")
	cmd.Flags().StringVar(&d.picture, "qr", "", "read the secret from the QR code in this PNG, JPEG or GIF file (- for standard input)")
	cmd.Flags().BoolVar(&d.replace, "replace", false, "replace the device of that name")
	d.onToken.flags(cmd, c.callRunning, "each code takes a touch")
	cmd.Flags().BoolVar(&d.toVault, "to-vault", false, "with --replace: keep the secret in the vault, and erase the old one on its tokens")
	proofFlags(c, cmd, &by)
	_ = cmd.MarkFlagFilename("qr", "png", "jpg", "jpeg", "gif")
	_ = cmd.RegisterFlagCompletionFunc("serial", cobra.NoFileCompletions)
	return cmd
}

// refuseSeedArgument is the Args of device add.
func refuseSeedArgument(cmd *cobra.Command, args []string) error {
	if len(args) > 1 || len(args) == 1 && strings.HasPrefix(strings.ToLower(args[0]), "otpauth") {
		return &fault{
			errors.New("a secret on the command line can be read by every process of this machine: it was not used"), exitUsage,
			`Run "mfad device add NAME --serial ARN", and give the secret when asked, or on standard input.`,
		}
	}
	return nil
}

// add gets the seeds and has the agent keep them.
func (d deviceAdd) add(ctx context.Context, c *cli) error {
	serials, err := d.onToken.serials(ctx, c.call)
	if err != nil {
		return err
	}
	if d.onToken.wanted && d.picture == "" && c.inIsTerminal() {
		if err := d.onToken.requirePlugged(ctx, c.call); err != nil {
			return err
		}
	}
	seeds, err := d.readSeeds(ctx, c)
	if err != nil {
		return err
	}
	defer wipeAll(seeds)
	return addDevices(ctx, c, wire.DeviceAddParams{
		Name: d.name, Serial: strings.Join(d.serials, " "), Replace: d.replace,
		OnToken: d.onToken.wanted, Touch: d.onToken.touch, Tokens: serials, ToVault: d.toVault,
	}, seeds)
}

// readSeeds gets the texts of one or more seeds, from a picture, from standard
// input or from the terminal. The caller wipes them.
func (d deviceAdd) readSeeds(ctx context.Context, c *cli) ([][]byte, error) {
	if d.picture != "" {
		return readPicture(ctx, c.in, d.picture)
	}
	if c.inIsTerminal() {
		if err := c.requireVault(ctx); err != nil {
			return nil, err
		}
	}
	name := cmp.Or(d.name, "the MFA device")
	text, err := readSeed(ctx, c, "secret of "+name+" (otpauth:// URI or base32)")
	if err != nil {
		return nil, err
	}
	if len(text) == 0 {
		return nil, usagef(`Give it on standard input, or run "mfad device add {name} --serial ARN" in a terminal.`, "the secret is empty")
	}
	return [][]byte{text}, nil
}

// readSeed reads a seed's text from standard input when that is not a terminal,
// else asks for it. The caller wipes it.
func readSeed(ctx context.Context, c *cli, what string) ([]byte, error) {
	if c.inIsTerminal() {
		return c.askSecret(ctx, what)
	}
	text, err := c.readInput("-", maxSeed)
	if err != nil {
		clear(text)
		return nil, err
	}
	return bytes.TrimSpace(text), nil
}

func addDevices(ctx context.Context, c *cli, p wire.DeviceAddParams, seeds [][]byte) error {
	var all []wire.Device
	var left []string
	var last wire.DeviceAddResult
	for _, p.Seed = range seeds {
		last = wire.DeviceAddResult{}
		if err := c.call(ctx, wire.MethodDeviceAdd, p, &last); err != nil {
			return err
		}
		for _, why := range last.Skipped {
			c.say("mfad: skipped: %s", why)
		}
		all, left = append(all, last.Devices...), append(left, last.Left...)
	}
	tellAdded(c, all, p.OnToken)
	sayLeft(c.console, left)
	switch {
	case last.Parts > len(seeds):
		c.hint("This was part %d of an export in %d QR codes: add the others too.", last.Part, last.Parts)
	case len(all) == 1 && all[0].Serial != "":
		c.hint("%s", newKnown(c).profile(all[0].Serial))
	}
	return nil
}

func tellAdded(c *cli, devices []wire.Device, onToken bool) {
	for _, d := range devices {
		c.say("mfad: device %q added%s%s", d.Name, deviceLabel(d), tokentext.OntoTokens(d.Tokens, d.Touch))
		if d.Serial == "" {
			tellUnnumbered(c, d)
		}
	}
	if onToken {
		sayOnlyThere(c.console, devices)
	}
}

// tellUnnumbered tells of a device without a serial number what does not work, and
// how it gets one, if AWS takes its codes at all.
func tellUnnumbered(c *cli, d wire.Device) {
	c.say("mfad: without a serial number %q gives codes by \"mfad code %s\" alone: no profile's mfa_serial finds it", d.Name, d.Name)
	if why := serial.CheckCodes(d.Digits, time.Duration(d.Period)*time.Second, d.Algorithm); why != nil {
		c.say("mfad: %q gives %d digits by %s every %d s, and %v", d.Name, d.Digits, d.Algorithm, d.Period, why)
		return
	}
	c.hint(`Run "mfad device set %s --serial %s" if it is an MFA device of AWS.`, d.Name, newKnown(c).serial())
}

func deviceLabel(d wire.Device) string {
	switch {
	case d.Issuer != "" && d.Account != "":
		return fmt.Sprintf(" (%s, %s)", d.Issuer, d.Account)
	case d.Issuer+d.Account != "":
		return fmt.Sprintf(" (%s)", d.Issuer+d.Account)
	}
	return ""
}
