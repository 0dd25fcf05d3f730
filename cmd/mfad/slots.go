package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
)

// maxIdentity bounds an age plugin's identity file.
const maxIdentity = 16 << 10

const pluginSlot, recoverySlot = "plugin", "recovery"

var addableSlots = []string{"passphrase", "keychain", recoverySlot, pluginSlot}

var errRecoveryFile = errors.New("--recovery-file is for a recovery slot")

func (c *cli) slotCommand() *cobra.Command {
	return group("slot", "Add and remove ways into the vault", "The ways into the vault: each wraps the same key, so adding one rewrites no secret.",
		c.slotAddCommand(), c.slotRemoveCommand())
}

func (c *cli) slotAddCommand() *cobra.Command {
	var p wire.SlotAddParams
	var recoveryFile, identityFile string
	cmd := &cobra.Command{
		Use:   "add " + strings.Join(addableSlots, "|"),
		Short: "Add a way into the vault",
		Long: `Add a way into the vault: a passphrase, the desktop's keychain, a recovery key
(shown once), or any age plugin in PATH, given its recipient (age1NAME1…) and
its identity file. It takes one of the old ways in, even while the vault is open:
a passphrase is asked for if nothing opens by itself.`,
		Example: `  mfad vault slot add passphrase
  mfad vault slot add recovery --recovery-file recovery.txt
  mfad vault slot add plugin --recipient age1yubikey1… --identity-file yubikey.txt --label "blue YubiKey"`,
		Args:      takes(1, 1),
		ValidArgs: addableSlots,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Kind = args[0]
			if err := requireSlotKind(cmd, p.Kind); err != nil {
				return err
			}
			if (p.Recipient != "" || identityFile != "") != (p.Kind == pluginSlot) {
				return usagef(`Run "mfad vault slot add plugin --recipient age1… --identity-file FILE".`, "a plugin slot, and only that, needs --recipient and --identity-file")
			}
			if identityFile != "" {
				text, err := c.readInput(identityFile, maxIdentity)
				if err != nil {
					return err
				}
				p.Identity = string(text)
			}
			return c.addSlot(cmd, p, recoveryFile)
		},
	}
	f := cmd.Flags()
	f.StringVar(&p.Label, "label", "", "words to know it by in \"mfad vault show\"")
	f.StringVar(&p.Recipient, "recipient", "", "plugin: the recipient, age1NAME1…")
	f.StringVar(&identityFile, "identity-file", "", "plugin: the file of the identity (- for standard input)")
	f.StringVar(&recoveryFile, "recovery-file", "", "recovery: write the key to this new file instead of the terminal")
	c.passphraseFlag(cmd)
	return cmd
}

func requireSlotKind(cmd *cobra.Command, kind string) error {
	if slices.Contains(addableSlots, kind) {
		return nil
	}
	return usagef("Run \""+cmd.CommandPath()+" recovery\", or one of the others.", "%.40q is no kind of slot; there are %s", kind, strings.Join(addableSlots, ", "))
}

func (c *cli) addSlot(cmd *cobra.Command, p wire.SlotAddParams, recoveryFile string) error {
	var sink *recoverySink
	if p.Kind == recoverySlot {
		var err error
		if sink, err = openRecoverySink(recoveryFile); err != nil {
			return err
		}
	} else if recoveryFile != "" {
		return misuse(cmd, errRecoveryFile)
	}
	var added wire.SlotAddResult
	err := c.call(cmd.Context(), wire.MethodSlotAdd, p, &added)
	if err != nil {
		if sink != nil {
			sink.abandon()
		}
		return err
	}
	if sink != nil {
		if err := c.deliver(sink, added.Recovery, "the vault"); err != nil {
			return err
		}
	}
	c.say("mfad: %s slot %s added", added.Slot.Kind, added.Slot.ID)
	return nil
}

func (c *cli) slotRemoveCommand() *cobra.Command {
	var p wire.SlotRemoveParams
	cmd := &cobra.Command{
		Use:   "remove ID",
		Short: "Remove a way into the vault",
		Long: `Remove a way into the vault; "mfad vault show" lists them. The last but one is
kept unless --last is given, and the last one always. A copy of the vault made
earlier can still be opened by it.`,
		Example:           "  mfad vault slot remove 3f9c0a",
		Args:              takes(1, 1),
		ValidArgsFunction: c.completeOne(c.completeSlots),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.ID = args[0]
			if err := c.call(cmd.Context(), wire.MethodSlotRemove, p, nil); err != nil {
				return err
			}
			c.say("mfad: slot %s removed", p.ID)
			return nil
		},
	}
	cmd.Flags().BoolVar(&p.Last, "last", false, "allow a single way in to be left")
	return cmd
}
