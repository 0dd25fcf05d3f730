package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
)

// A slotKind is a kind of slot that a vault takes, as the command line has it.
// What is not nil is for a kind that a token opens.
type slotKind struct {
	name string
	// flags are those that only such kinds take, and read judges them.
	flags []string
	read  func(s *slotAdd, cmd *cobra.Command) error
	// opens says by what a slot that was added opens.
	opens func(s *slotAdd, slot wire.Slot) string
	// fits tells which tokens could be meant; nil: the agent finds that out.
	fits func(wire.Token) bool
}

// The kinds that a token opens.
const (
	slotPIV   = "piv"   // a key in the PIV applet
	slotFIDO2 = "fido2" // a FIDO2 key that has hmac-secret
)

// slotKinds are all of them, in the order of help.
var slotKinds = []slotKind{
	{name: wire.SlotPassphrase},
	{name: wire.SlotKeychain},
	{name: wire.SlotRecovery},
	{
		name:  slotPIV,
		flags: []string{"token", "piv-slot", "touch", "pin"},
		read:  (*slotAdd).readPIV,
		opens: (*slotAdd).opensByPIV,
		fits:  hasPIV,
	},
	{
		name:  slotFIDO2,
		flags: []string{"token", "device", "pin"},
		read:  (*slotAdd).readFIDO2,
		opens: (*slotAdd).opensByFIDO2,
	},
	{name: wire.SlotPlugin},
}

func slotKindNames() []string {
	var names []string
	for _, k := range slotKinds {
		names = append(names, k.name)
	}
	return names
}

// findSlotKind finds a kind by its name. Of a kind that an agent of a later
// version has, we know the name alone.
func findSlotKind(name string) slotKind {
	for _, k := range slotKinds {
		if k.name == name {
			return k
		}
	}
	return slotKind{name: name}
}

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

// readToken judges the flags of slots that a token opens.
func (s *slotAdd) readToken(cmd *cobra.Command) error {
	for _, flag := range []string{"token", "device", "piv-slot", "touch", "pin"} {
		var takers []string
		for _, k := range slotKinds {
			if slices.Contains(k.flags, flag) {
				takers = append(takers, k.name)
			}
		}
		if cmd.Flags().Changed(flag) && !slices.Contains(takers, s.p.Kind) {
			return misuse(cmd, fmt.Errorf("--%s is for a slot of kind %s, not %s", flag, strings.Join(takers, " or "), s.p.Kind))
		}
	}
	if read := findSlotKind(s.p.Kind).read; read != nil {
		return read(s, cmd)
	}
	return nil
}

// requireToken refuses, before a person proves who they are, a slot for a token
// if tokens cannot be looked for, or several could be meant. With none plugged
// in the agent waits for one.
func (s *slotAdd) requireToken(ctx context.Context, call caller) error {
	kind := findSlotKind(s.p.Kind)
	if kind.opens == nil {
		return nil
	}
	fits := kind.fits
	if fits == nil || s.p.Token != "" {
		fits = func(wire.Token) bool { return false }
	}
	plugged, err := pluggedIn(ctx, call, fits)
	if err != nil {
		return err
	}
	return refuseSeveral(plugged)
}

// opens says by what a slot opens, for a slot that a token does.
func (s *slotAdd) opens(slot wire.Slot) string {
	if opens := findSlotKind(slot.Kind).opens; opens != nil {
		return opens(s, slot)
	}
	return ""
}
