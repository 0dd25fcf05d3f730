package main

import (
	"errors"
	"fmt"
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

// Type makes the help show no default, as it does for a flag that takes no value.
func (p *pinPolicy) Type() string { return "bool" }

// The retired slots of PIV, in hexadecimal.
const firstRetired, lastRetired = 0x82, 0x95

// readPIV judges the flags of a piv slot.
func (s *slotAdd) readPIV(cmd *cobra.Command) error {
	s.p.Token = s.token
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

// readFIDO2 judges the flags of a fido2 slot.
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

func (s *slotAdd) opensByPIV(slot wire.Slot) string {
	if s.p.PIVSlot != "" {
		return fmt.Sprintf(": the key in slot %s of %s opens the vault, with the PIN and touch policies that it has", s.p.PIVSlot, slot.Token)
	}
	return fmt.Sprintf(": a new key of %s opens the vault (PIN: %s, touch: %s)", slot.Token, s.p.PIN, s.p.Touch)
}

func (s *slotAdd) opensByFIDO2(slot wire.Slot) string {
	if s.p.PIN == "always" {
		return fmt.Sprintf(": %s opens the vault, by its PIN and a touch each time", slot.Token)
	}
	return fmt.Sprintf(": %s opens the vault, by a touch each time and no PIN", slot.Token)
}

const unguardedWarning = "with neither PIN nor touch, whoever has the token opens the vault, " +
	"and so does any program while it is plugged in"

// unguarded tells whether any program can use the new key while nobody is there.
func (s *slotAdd) unguarded() bool {
	return s.p.Kind == slotPIV && s.p.PIVSlot == "" && s.p.Touch == "never" && s.p.PIN == "never"
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
