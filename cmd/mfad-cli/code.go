package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/clipboard"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tty"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/internal/inherited"
)

const noClipboardHint = `Install wl-clipboard (Wayland) or xclip (X11), or run "mfad code {name}" without --copy.`

func codeCommand(c *cli) *cobra.Command {
	var copyIt bool
	cmd := &cobra.Command{
		Use:   "code [DEVICE]",
		Short: "Print an MFA device's current code",
		Long: `Print the current code of a device of the vault on standard output, and how long
it lives on standard error; without a name, of the vault's only device. A code
that AWS may have seen is never given again: then the next one is waited for, up
to 30 seconds.

With --copy the code goes to the clipboard instead, and is taken back from there
after 30 seconds unless something else was copied meanwhile. Where there is no
clipboard (over ssh) it is sent to the terminal by OSC 52, which does not tell
whether it was taken, and cannot be taken back.`,
		Example: `  mfad code phone
  mfad code phone --copy`,
		Args:              argCount(0, 1),
		ValidArgsFunction: completeOne(completeDevices(c.callRunning)),
		RunE: func(cmd *cobra.Command, args []string) error {
			device, err := onlyDevice(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			return errorAbout(device, giveCode(cmd.Context(), c, device, copyIt))
		},
	}
	cmd.Flags().BoolVar(&copyIt, "copy", false, "put the code into the clipboard instead of printing it")
	return cmd
}

// onlyDevice is the device that the arguments name, or else the vault's only one.
func onlyDevice(ctx context.Context, c *cli, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	var devices []wire.Device
	if err := c.call(ctx, wire.MethodDeviceList, nil, &devices); err != nil {
		return "", err
	}
	switch len(devices) {
	case 0:
		hint := fmt.Sprintf(`Run "mfad device add NAME --serial %s".`, newKnown(c).serial())
		return "", advice{exitMissing, hint}.errorf("the vault has no device")
	case 1:
		return devices[0].Name, nil
	}
	var names []string
	for _, d := range devices {
		names = append(names, d.Name)
	}
	return "", usagef(fmt.Sprintf("Say which: \"mfad code %s\".", pasteName(names[0])),
		"the vault has %d devices: %s", len(devices), strings.Join(names, ", "))
}

// giveCode prints a device's code, or puts it into the clipboard.
func giveCode(ctx context.Context, c *cli, device string, copyIt bool) error {
	var board clipboard.Clipboard
	if copyIt { // before a code is taken that could not be delivered
		var err error
		if board, err = clipboard.Find(c.getenv, tty.Open); err != nil {
			return advice{exitPerson, noClipboardHint}.on(err)
		}
	}
	var code wire.Code
	if err := c.call(ctx, wire.MethodCode, wire.NameParams{Name: device}, &code); err != nil {
		return err
	}
	warnOfClock(c.console, code)
	life := words.CodeLife(time.Until(code.Expires))
	if board != nil {
		how, err := board.Put(code.Digits)
		if err != nil {
			return advice{exitError, `Run "mfad code {name}" to have it printed.`}.errorf("copying the code: %w", err)
		}
		c.say("mfad: the code of %s is %s; %s", device, how, life)
		return nil
	}
	if err := c.print(code.Digits + "\n"); err != nil {
		return err
	}
	c.say("mfad: %s", life)
	return nil
}

// warnOfClock tells of a code that the clock may have spoilt.
func warnOfClock(c console, code wire.Code) {
	skew := time.Duration(code.SkewMillis) * time.Millisecond
	switch {
	case skew != 0:
		c.say("mfad: warning: this machine's clock is %s, and AWS takes no code of such a clock", words.ClockSkew(skew))
		c.hint("Set this machine's clock, then take another code.")
	case code.Doubt != "":
		c.say("mfad: warning: the code is by a clock that was minutes off when AWS last told its time, and AWS could not be asked again: %s",
			code.Doubt)
	}
}

// holdClipboardCommand is the child of `mfad code --copy`: hidden, since it is
// of no use to anybody else.
func holdClipboardCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:    clipboard.HoldVerb + " TOOL",
		Hidden: true,
		Args:   argCount(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			inherited.Close() // it outlives its caller
			known, err := clipboard.Hold(cmd.Context(), args[0], c.in)
			if !known {
				return usagef(noHint, "no clipboard tool %q", args[0])
			}
			return err
		},
	}
}
