package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
)

// The policies of a PIV key, as PIV itself and ykman name them.
var (
	pinPolicies   = []string{"once", "always", "never"}
	touchPolicies = []string{"always", "cached", "never"}
)

// The policies of a new PIV key for which nothing was told.
const defaultPIN, defaultTouch = "once", "always"

// barePIN is what --pin is without a value.
const barePIN = "true"

// A pinPolicy is the value of --pin, which may be left out.
type pinPolicy string

func (p *pinPolicy) String() string { return string(*p) }

// Set takes any word: which fit is not known before the kind of the slot is.
func (p *pinPolicy) Set(word string) error {
	*p = pinPolicy(word)
	return nil
}

// Type has the help show no default, as of a flag that may be bare.
func (p *pinPolicy) Type() string { return "bool" }

// The retired slots of PIV, in hexadecimal.
const firstRetired, lastRetired = 0x82, 0x95

// tokenFlags declares the flags of slots that a token opens.
func (s *slotAdd) tokenFlags(cmd *cobra.Command, running caller) {
	f := cmd.Flags()
	f.BoolVar(&s.piv, "piv", false, "the kind piv")
	f.BoolVar(&s.fido2, "fido2", false, "the kind fido2")
	f.StringVar(&s.token, "token", "", "piv: the YubiKey's serial number; fido2: as --device (the only one that is plugged in)")
	f.StringVar(&s.device, "device", "", "fido2: the path of the device, as \"mfad token list\" shows it")
	f.StringVar(&s.p.PIVSlot, "piv-slot", "", "piv: take the P-256 key of this retired slot, 82 to 95, instead of making one")
	f.StringVar(&s.p.Touch, "touch", "", "piv: `when` the new key wants a touch: always, cached (for 15 s), never")
	f.Var((*pinPolicy)(&s.p.PIN), "pin", "piv: `when` the new key wants the PIN: once, always, never; fido2: alone, for each time")
	f.Lookup("pin").NoOptDefVal = barePIN
	fixed := func(flag string, words ...string) {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	fixed("touch", touchPolicies...)
	fixed("pin", pinPolicies...)
	_ = cmd.RegisterFlagCompletionFunc("token", completeTokens(running))
	_ = cmd.RegisterFlagCompletionFunc("device", completeFIDO2(running))
	_ = cmd.RegisterFlagCompletionFunc("piv-slot", completePIVSlots(running))
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
			if !slices.Contains(addableSlots, arg) {
				return nil, requireChoice("pin", arg, pinPolicies...)
			}
		}
	}
	if len(args) > 1 {
		return nil, argCount(0, 1)(cmd, args)
	}
	return args, nil
}

// readToken judges the flags of slots that a token opens.
func (s *slotAdd) readToken(cmd *cobra.Command) error {
	for _, flag := range []struct {
		name  string
		kinds []string
	}{
		{"token", []string{wire.SlotPIV, wire.SlotFIDO2}},
		{"device", []string{wire.SlotFIDO2}},
		{"piv-slot", []string{wire.SlotPIV}},
		{"touch", []string{wire.SlotPIV}},
		{"pin", []string{wire.SlotPIV, wire.SlotFIDO2}},
	} {
		if cmd.Flags().Changed(flag.name) && !slices.Contains(flag.kinds, s.p.Kind) {
			return misuse(cmd, fmt.Errorf("--%s is for a slot of kind %s, not %s", flag.name, strings.Join(flag.kinds, " or "), s.p.Kind))
		}
	}
	switch s.p.Kind {
	case wire.SlotPIV:
		s.p.Token = s.token
		return s.readPIV(cmd)
	case wire.SlotFIDO2:
		return s.readFIDO2(cmd)
	}
	return nil
}

func (s *slotAdd) readPIV(cmd *cobra.Command) error {
	if s.p.PIN == barePIN {
		return misuse(cmd, fmt.Errorf("--pin of a piv slot needs one of %s", strings.Join(pinPolicies, ", ")))
	}
	if cmd.Flags().Changed("piv-slot") {
		if !isRetired(s.p.PIVSlot) {
			return misuse(cmd, fmt.Errorf("--piv-slot %.40q is no retired slot: they are 82 to 95, in hexadecimal", s.p.PIVSlot))
		}
		if s.p.PIN != "" || s.p.Touch != "" {
			return misuse(cmd, errors.New("--piv-slot takes a key with the policies that it has: --pin and --touch are for a new one"))
		}
		s.p.PIVSlot = strings.ToLower(s.p.PIVSlot)
		return nil
	}
	if !cmd.Flags().Changed("pin") {
		s.p.PIN = defaultPIN
	}
	if !cmd.Flags().Changed("touch") {
		s.p.Touch = defaultTouch
	}
	if err := requireChoice("pin", s.p.PIN, pinPolicies...); err != nil {
		return err
	}
	return requireChoice("touch", s.p.Touch, touchPolicies...)
}

func (s *slotAdd) readFIDO2(cmd *cobra.Command) error {
	switch {
	case s.token != "" && s.device != "":
		return misuse(cmd, errors.New("--token and --device: the key is named by one of them"))
	case s.device != "":
		s.p.Token = s.device
	default:
		s.p.Token = s.token
	}
	if _, err := strconv.ParseUint(s.p.Token, 10, 64); err == nil {
		return usagef(`Run "mfad token list" to see the paths, then give --device PATH.`,
			"a FIDO2 key is named by the path of its device, not by a serial number")
	}
	switch {
	case s.p.PIN == barePIN:
		s.p.PIN = "always"
	case !cmd.Flags().Changed("pin"):
		s.p.PIN = "never"
	case s.p.PIN != "always" && s.p.PIN != "never":
		return misuse(cmd, fmt.Errorf("--pin of a fido2 slot has no %q: the PIN is asked for each time, or never", s.p.PIN))
	}
	return nil
}

// requireToken refuses, before a person proves who they are, a slot for a token
// if tokens cannot be looked for, or several could be meant. With none plugged
// in the agent waits for one.
func (s *slotAdd) requireToken(ctx context.Context, call caller) error {
	if !openedByToken(s.p.Kind) {
		return nil
	}
	plugged, err := pluggedIn(ctx, call, hasPIV)
	if err != nil || s.p.Kind != wire.SlotPIV || s.p.Token != "" {
		return err
	}
	return refuseSeveral(plugged)
}

// openedByToken tells whether a token opens a slot of that kind.
func openedByToken(kind string) bool { return kind == wire.SlotPIV || kind == wire.SlotFIDO2 }

// opens says by what a slot opens, for a slot that a token does.
func (s *slotAdd) opens(slot wire.Slot) string {
	switch {
	case !openedByToken(slot.Kind):
		return ""
	case s.p.PIVSlot != "":
		return fmt.Sprintf(": the key in slot %s of %s opens the vault, with the PIN and touch policies that it has", s.p.PIVSlot, slot.Token)
	case slot.Kind == wire.SlotPIV:
		return fmt.Sprintf(": a new key of %s opens the vault (PIN: %s, touch: %s)", slot.Token, s.p.PIN, s.p.Touch)
	case s.p.PIN == "always":
		return fmt.Sprintf(": %s opens the vault, by its PIN and a touch each time", slot.Token)
	}
	return fmt.Sprintf(": %s opens the vault, by a touch each time and no PIN", slot.Token)
}

const unguardedWarning = "with neither PIN nor touch, whoever has the token opens the vault, " +
	"and so does any program while it is plugged in"

// unguarded tells whether a new key would work for any program, with nobody there.
func (s *slotAdd) unguarded() bool {
	return s.p.Kind == wire.SlotPIV && s.p.PIVSlot == "" && s.p.Touch == "never" && s.p.PIN == "never"
}

// completeSlotAdd are the kinds, or what may follow a --pin without "=".
func completeSlotAdd(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var words []string
	if pin := cmd.Flags().Lookup("pin"); pin.Value.String() == barePIN {
		words = append(words, pinPolicies...)
	}
	if len(args) == 0 {
		words = append(words, addableSlots...)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completePIVSlots are the retired slots of the tokens that have a P-256 key.
func completePIVSlots(running caller) cobra.CompletionFunc {
	return completeWords(func() []string {
		var words []string
		for _, t := range tokensAtTab(running) {
			if t.PIV == nil {
				continue
			}
			for _, k := range t.PIV.Keys {
				if isRetired(k.Slot) && k.Algorithm == "P-256" {
					words = append(words, cobra.CompletionWithDesc(k.Slot, tokentext.Name(t)+" "+k.Subject))
				}
			}
		}
		return words
	})
}

// completeFIDO2 are the paths of FIDO2 keys that can open a vault, and any other.
func completeFIDO2(running caller) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var words []string
		for _, t := range tokensAtTab(running) {
			if t.FIDO2 != nil && t.FIDO2.HMACSecret {
				words = append(words, cobra.CompletionWithDesc(t.Place, tokentext.Name(t)))
			}
		}
		return words, cobra.ShellCompDirectiveDefault
	}
}

// isRetired tells whether a slot, in hexadecimal, is one of the retired.
func isRetired(slot string) bool {
	n, err := strconv.ParseUint(slot, 16, 8)
	return err == nil && len(slot) == 2 && n >= firstRetired && n <= lastRetired
}
