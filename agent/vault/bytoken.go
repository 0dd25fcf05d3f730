package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// byTokens opens the vault with a token that is plugged in. When a slot was
// chosen, its token is waited for. Over says that there is no more to try,
// whatever err says.
func (u unlocker) byTokens(ctx context.Context, slots []keystore.Slot, chosen bool) (over bool, missed []error, err error) {
	if len(slots) == 0 {
		return false, nil, nil
	}
	if u.ask.Reach() == human.Nobody {
		return false, []error{fmt.Errorf("%w for a touch or PIN of a token", human.ErrNoPrompt)}, nil
	}
	wait := 0
	if chosen && len(slots) == 1 {
		wait = tokenperson.Patience(u.ask)
	} else if slots, missed = u.plugged(ctx, slots); chosen && len(slots) == 0 {
		return true, nil, errors.Join(missed...)
	}
	for _, slot := range slots {
		err := u.byToken(ctx, slot, wait)
		if err == nil || fatal(err) || errors.Is(err, human.ErrDismissed) || ctx.Err() != nil {
			return true, nil, err
		}
		missed = append(missed, u.miss(ctx, slot, err))
	}
	return false, missed, nil
}

// byToken opens the vault with the token of a slot, for as long as that is
// plugged in.
func (u unlocker) byToken(ctx context.Context, slot keystore.Slot, wait int) error {
	identity := inventory.TokenSlotOf(slot).Identity
	who := tokenperson.For(u.ask, cmp.Or(u.act.Why, unlocking))
	key := token.KeyBy(ctx, u.access.tools.tokens, identity, wait, who)
	err := u.vault.Unlock(ctx, slot.ID, key)
	if err == nil {
		u.access.lockWithout(u.vault, token.WatchParams{Identity: identity, Place: key.Token().Place})
	}
	return err
}

const unlocking = "to unlock the vault"

// plugged parts the slots whose token is plugged in, as far as that can be
// seen, from the others, and says what those need.
func (u unlocker) plugged(ctx context.Context, slots []keystore.Slot) (there []keystore.Slot, missed []error) {
	list, err := u.access.tools.tokens.Look(ctx, tokenperson.For(u.ask, cmp.Or(u.act.Why, unlocking)))
	if err != nil {
		return nil, []error{fmt.Errorf("looking for tokens: %w", err)}
	}
	for _, slot := range slots {
		if slices.ContainsFunc(list.Tokens, func(t token.Token) bool { return mayOpen(u.access.tools.tokens.KeyKinds(), t, slot) }) {
			there = append(there, slot)
			continue
		}
		missed = append(missed, fmt.Errorf("%s slot: %w: %s", slot.Kind, token.ErrNotPresent, inventory.TokenSlotOf(slot).Token))
	}
	if len(missed) > 0 {
		for _, fault := range list.Faults {
			missed = append(missed, errors.New(line.One(fault)))
		}
	}
	return there, missed
}

// mayOpen tells whether a slot's key can be on a token.
func mayOpen(kinds token.Kinds, t token.Token, slot keystore.Slot) bool {
	kind, known := kinds.Find(string(slot.Kind))
	return known && kind.MayOpen(t, slot.Facts)
}
