package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

func (c *cli) slotCommand() *cobra.Command {
	return group("slot", "Add, remove and name ways into the vault", "The ways into the vault: each wraps the same key, so adding one rewrites no secret.",
		c.slotAddCommand(), c.slotRemoveCommand(), c.slotIdentityCommand())
}

func (c *cli) slotRemoveCommand() *cobra.Command {
	var p wire.SlotRemoveParams
	cmd := &cobra.Command{
		Use:   "remove ID",
		Short: "Remove a way into the vault",
		Long: `Remove a way into the vault; "mfad vault show" lists them. The last but one is
kept unless --last is given, and the last one always. A copy of the vault made
earlier can still be opened by it. A token keeps its key, which opens nothing else.`,
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

func (c *cli) slotIdentityCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "identity ID",
		Short: "Print the identity by which age itself opens a token's slot",
		Long: `Print the identity of a slot that a token opens, which "mfad vault show" lists:
it says which key of which token is meant, and is no secret. With it the stock
age opens the vault, by the plugin age-plugin-mfad, which is mfad-token under
that name.`,
		Example: `  mfad vault slot identity 3f9c0a
  mfad vault slot identity 3f9c0a | age -d -i - slots/3f9c0a.age      # in the vault's folder`,
		Args:              takes(1, 1),
		ValidArgsFunction: c.completeOne(c.completeTokenSlots),
		RunE: func(cmd *cobra.Command, args []string) error {
			var v wire.Vault
			if err := c.call(cmd.Context(), wire.MethodVaultShow, nil, &v); err != nil {
				return err
			}
			slot, err := findSlot(v.Slots, args[0])
			if err != nil {
				return err
			}
			if slot.Identity == "" {
				return usagef(`Run "mfad vault show": the slots with a token have one.`, "slot %s is of kind %s, and no token opens it", slot.ID, slot.Kind)
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
