package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
)

// maxIdentity bounds an age plugin's identity file.
const maxIdentity = 16 << 10

// A slotAdd is the command line of `mfad vault slot add`.
type slotAdd struct {
	p                          wire.SlotAddParams
	piv, fido2                 bool
	token, device              string
	recoveryFile, identityFile string
}

func slotAddCommand(c *cli) *cobra.Command {
	var s slotAdd
	var by answers
	cmd := &cobra.Command{
		Use:   "add " + strings.Join(slotKindNames(), "|"),
		Short: "Add a way into the vault",
		Long: `Add a way into the vault: a passphrase, the desktop's keychain, a recovery key
(shown once), a hardware token, or any age plugin in PATH, given its recipient
(age1NAME1…) and its identity file. It takes a proof that you want it, even while
the vault is open: the passphrase, a token's PIN or touch, the recovery key (with
--slot recovery), or a yes on the agent's own desktop.

piv (or --piv) makes a key in a free retired slot of a YubiKey, which wants the
PIN (once a session) and a touch each time unless --pin and --touch say
otherwise; --piv-slot takes a key that is there instead, such as one made by
age-plugin-yubikey. fido2 (or --fido2) takes any FIDO2 key that has hmac-secret:
a touch opens the vault, and with --pin the key's PIN and a touch.

The new way in counts only when it has opened the vault once: a token is asked
for its PIN and touch for that. With --passphrase-stdin the lines of standard
input are the vault's passphrase, if it has one, and then the token's PIN.

A token can be lost: keep another way in, such as a second token or the recovery key.`,
		Example: `  mfad vault slot add passphrase
  mfad vault slot add recovery --recovery-file recovery.txt
  mfad vault slot add --piv --touch cached --pin once
  mfad vault slot add --piv --token 12345678 --piv-slot 82 --label "blue YubiKey"
  mfad vault slot add --fido2 --pin
  mfad vault slot add plugin --recipient age1tpm1… --identity-file tpm.txt`,
		Args:              argCount(0, 2),
		ValidArgsFunction: completeSlotAdd,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.read(cmd, args); err != nil {
				return err
			}
			if s.identityFile != "" {
				text, err := c.readInput(s.identityFile, maxIdentity)
				if err != nil {
					return err
				}
				s.p.Identity = string(text)
			}
			c.answerBy(by)
			return addSlot(cmd.Context(), c, s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.p.Label, "label", "", "words to know it by in \"mfad vault show\"")
	f.StringVar(&s.p.Recipient, "recipient", "", "plugin: the recipient, age1NAME1…")
	f.StringVar(&s.identityFile, "identity-file", "", "plugin: the file of the identity (- for standard input)")
	f.StringVar(&s.recoveryFile, "recovery-file", "", "recovery: write the key to this new file instead of the terminal")
	s.tokenFlags(cmd, c.callRunning)
	proofFlags(c, cmd, &by)
	return cmd
}

// read judges the command line.
func (s *slotAdd) read(cmd *cobra.Command, args []string) error {
	args, err := s.loosePIN(cmd, args)
	if err != nil {
		return err
	}
	if s.p.Kind, err = s.kind(cmd, args); err != nil {
		return err
	}
	if (s.p.Recipient != "" || s.identityFile != "") != (s.p.Kind == wire.SlotPlugin) {
		return usagef(`Run "mfad vault slot add plugin --recipient age1… --identity-file FILE".`,
			"a plugin slot, and only that, needs --recipient and --identity-file")
	}
	if s.recoveryFile != "" && s.p.Kind != wire.SlotRecovery {
		return misuse(cmd, errors.New("--recovery-file is for a recovery slot"))
	}
	return s.readToken(cmd)
}

// kind is the one kind of slot that an argument, --piv or --fido2 tells.
func (s *slotAdd) kind(cmd *cobra.Command, args []string) (string, error) {
	kinds := slices.Clone(args)
	if s.piv {
		kinds = append(kinds, slotPIV)
	}
	if s.fido2 {
		kinds = append(kinds, slotFIDO2)
	}
	all := slotKindNames()
	for _, kind := range kinds {
		if !slices.Contains(all, kind) {
			return "", usagef("Run \""+cmd.CommandPath()+" recovery\", or one of the others.",
				"%.40q is no kind of slot; there are %s", kind, strings.Join(all, ", "))
		}
	}
	slices.Sort(kinds)
	switch kinds = slices.Compact(kinds); len(kinds) {
	case 0:
		return "", misuse(cmd, fmt.Errorf("which kind of slot: give one of %s", strings.Join(all, ", ")))
	case 1:
		return kinds[0], nil
	}
	return "", misuse(cmd, fmt.Errorf("a slot is of one kind, not of %s", strings.Join(kinds, " and ")))
}

// loosePIN gives --pin the word that follows it. A flag whose value may be left
// out takes none after a space: the word is then among the arguments.
func (s *slotAdd) loosePIN(cmd *cobra.Command, args []string) ([]string, error) {
	if s.p.PIN == barePIN {
		for i, arg := range args {
			if slices.Contains(pinPolicies, arg) {
				s.p.PIN = arg
				return slices.Delete(slices.Clone(args), i, i+1), nil
			}
			if !slices.Contains(slotKindNames(), arg) {
				return nil, requireChoice("pin", arg, pinPolicies...)
			}
		}
	}
	if len(args) > 1 {
		return nil, argCount(0, 1)(cmd, args)
	}
	return args, nil
}

// completeSlotAdd are the kinds, or what may follow a --pin without "=".
func completeSlotAdd(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var words []string
	if pin := cmd.Flags().Lookup("pin"); pin.Value.String() == barePIN {
		words = append(words, pinPolicies...)
	}
	if len(args) == 0 {
		words = append(words, slotKindNames()...)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func addSlot(ctx context.Context, c *cli, s slotAdd) error {
	if err := s.requireToken(ctx, c.call); err != nil {
		return err
	}
	var sink *recoverySink
	if s.p.Kind == wire.SlotRecovery {
		var err error
		if sink, err = openRecoverySink(s.recoveryFile); err != nil {
			return err
		}
	}
	if s.unguarded() {
		c.say("mfad: warning: %s", unguardedWarning)
	}
	var added wire.SlotAddResult
	err := c.call(ctx, wire.MethodSlotAdd, s.p, &added)
	if err != nil {
		if sink != nil {
			sink.abandon()
		}
		return err
	}
	if sink != nil {
		if err := sink.deliver(c.console, string(added.Recovery), "the vault"); err != nil {
			return err
		}
	}
	c.say("mfad: %s slot %s added%s", added.Slot.Kind, added.Slot.ID, s.opens(added.Slot))
	if hasIdentity(added.Slot) {
		c.hint(`Run "mfad vault slot identity %s" for the identity by which age itself opens the vault with that token.`, added.Slot.ID)
	}
	return nil
}
