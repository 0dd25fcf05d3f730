package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

func slotCommand(c *cli) *cobra.Command {
	return newGroup(&cobra.Command{
		Use:   "slot",
		Short: "Add, remove and name ways into the vault",
		Long:  "The ways into the vault: each wraps the same key, so adding one rewrites no secret.",
	},
		slotAddCommand(c), slotRemoveCommand(c), slotIdentityCommand(c))
}

func slotRemoveCommand(c *cli) *cobra.Command {
	var p wire.SlotRemoveParams
	var by answers
	var yes bool
	cmd := &cobra.Command{
		Use:   "remove ID",
		Short: "Remove a way into the vault",
		Long: `Remove a way into the vault; "mfad vault show" lists them. The last but one is
kept unless --last is given, and the last one always. A copy of the vault made
earlier can still be opened by it. A token keeps its key, which opens nothing else.
It takes a proof that you want it.`,
		Example:           "  mfad vault slot remove 3f9c0a",
		Args:              argCount(1, 1),
		ValidArgsFunction: completeOne(completeSlots(c.callRunning, anySlot)),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.ID = args[0]
			c.answerBy(by)
			if err := sure(cmd.Context(), c, yes, fmt.Sprintf("Remove the way in %s for good?", p.ID)); err != nil {
				return err
			}
			if err := c.call(cmd.Context(), wire.MethodSlotRemove, p, nil); err != nil {
				return err
			}
			c.say("mfad: slot %s removed", p.ID)
			return nil
		},
	}
	cmd.Flags().BoolVar(&p.Last, "last", false, "allow a single way in to be left")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask whether you are sure; a proof is asked for all the same")
	proofFlags(c, cmd, &by)
	return cmd
}

func slotIdentityCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "identity ID",
		Short: "Print the identity by which age itself opens a token's slot",
		Long: `Print the identity of a slot that a token opens, which "mfad vault show" lists:
it says which key of which token is meant, and is no secret. With it the stock
age opens the vault, by the plugin age-plugin-mfad, which is mfad-token under
that name.`,
		Example: `  mfad vault slot identity 3f9c0a
  mfad vault slot identity 3f9c0a | age -d -i - slots/3f9c0a.age      # in the vault's folder`,
		Args:              argCount(1, 1),
		ValidArgsFunction: completeOne(completeSlots(c.callRunning, hasIdentity)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var v wire.Vault
			if err := c.call(cmd.Context(), wire.MethodVaultShow, nil, &v); err != nil {
				return err
			}
			slot, err := findSlot(v.Slots, args[0])
			if err != nil {
				return err
			}
			if !hasIdentity(slot) {
				return usagef(`Run "mfad vault show": the slots with a token have one.`,
					"slot %s is of kind %s, and no token opens it", slot.ID, slot.Kind)
			}
			return c.print(line.One(slot.Identity) + "\n")
		},
	}
}

// findSlot finds a slot by its ID, or the only one of a kind.
func findSlot(slots []wire.Slot, name string) (wire.Slot, error) {
	var ofKind []wire.Slot
	for _, s := range slots {
		if s.ID == name {
			return s, nil
		}
		if s.Kind == name {
			ofKind = append(ofKind, s)
		}
	}
	switch len(ofKind) {
	case 0:
		return wire.Slot{}, errcode.Errorf(errcode.NoSlot, "no slot %.40q", name)
	case 1:
		return ofKind[0], nil
	}
	return wire.Slot{}, usagef(`Run "mfad vault show" and give the slot's ID.`, "there are %d slots of kind %s", len(ofKind), name)
}

func anySlot(wire.Slot) bool { return true }

// hasIdentity tells whether a token opens the slot.
func hasIdentity(s wire.Slot) bool { return s.Identity != "" }

// completeSlots are the slots of the vault that fit.
func completeSlots(running caller, fits func(wire.Slot) bool) cobra.CompletionFunc {
	return completeWords(func() []string { return slotWords(slotsAtTab(running), fits) })
}

// completeWaysIn are slots, and the kinds that the vault has.
func completeWaysIn(running caller) cobra.CompletionFunc {
	return completeWords(func() []string {
		slots := slotsAtTab(running)
		all := slotWords(slots, anySlot)
		var kinds []string
		for _, s := range slots {
			kinds = append(kinds, s.Kind)
		}
		slices.Sort(kinds)
		for _, kind := range slices.Compact(kinds) {
			if !slices.ContainsFunc(slots, func(s wire.Slot) bool { return s.ID == kind }) {
				all = append(all, kind)
			}
		}
		return all
	})
}

func slotsAtTab(running caller) []wire.Slot {
	return atTab[wire.Vault](running, wire.MethodVaultShow, completionDeadline).Slots
}

func slotWords(slots []wire.Slot, fits func(wire.Slot) bool) []string {
	var words []string
	for _, s := range slots {
		if fits(s) {
			words = append(words, cobra.CompletionWithDesc(s.ID, strings.TrimSpace(s.Kind+" "+cmp.Or(s.Label, s.Token))))
		}
	}
	return words
}
