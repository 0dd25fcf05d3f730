package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/clipboard"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tty"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

const noClipboardHint = `Install wl-clipboard (Wayland) or xclip (X11), or run "mfad code {name}" without --copy.`

func (c *cli) codeCommand() *cobra.Command {
	var copyIt bool
	cmd := &cobra.Command{
		Use:   "code DEVICE",
		Short: "Print an MFA device's current code",
		Long: `Print the current code of a device of the vault on standard output, and how long
it lives on standard error. A code that AWS may have seen is never given again:
then the next one is waited for, up to 30 seconds.

With --copy the code goes to the clipboard instead, and is taken back from there
after 30 seconds unless something else was copied meanwhile. Where there is no
clipboard (over ssh) it is sent to the terminal by OSC 52, which does not tell
whether it was taken, and cannot be taken back.`,
		Example: `  mfad code phone
  mfad code phone --copy`,
		Args:              takes(1, 1),
		ValidArgsFunction: c.completeOne(c.completeDevices),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.subject = args[0]
			var board clipboard.Clipboard
			if copyIt { // before a code is taken that could not be delivered
				var err error
				if board, err = clipboard.Find(c.getenv, tty.Open); err != nil {
					return &fault{err, exitPerson, noClipboardHint}
				}
			}
			var code wire.Code
			if err := c.call(cmd.Context(), wire.MethodCode, wire.NameParams{Name: args[0]}, &code); err != nil {
				return err
			}
			life := words.CodeLife(time.Until(code.Expires))
			if board != nil {
				how, err := board.Put(code.Digits)
				if err != nil {
					return failf(exitError, `Run "mfad code {name}" to have it printed.`, "copying the code: %w", err)
				}
				c.say("mfad: the code of %s is %s; %s", args[0], how, life)
				return nil
			}
			if err := c.print(code.Digits + "\n"); err != nil {
				return err
			}
			c.say("mfad: %s", life)
			return nil
		},
	}
	cmd.Flags().BoolVar(&copyIt, "copy", false, "put the code into the clipboard instead of printing it")
	return cmd
}
