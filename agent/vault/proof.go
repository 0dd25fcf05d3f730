package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
)

// ErrUnproven says that an act takes a person, and that none could be found who
// takes part in it.
var ErrUnproven = errcode.New(errcode.Unproven, "takes a person's consent")

// Act is what somebody has to prove that they may do.
type Act struct {
	Why  string // for the person, the end of a sentence: "to add a way in"
	Uses string // the profiles that use what is lost by it, in words; may be empty
	By   string // the slot to prove it by, an id or a kind; empty: what serves best
}

// Prove has the one who asks prove that a person or a token takes part: what would
// outlast the unlock, takes a secret out of the vault or destroys one is for the
// person, not for every process of the user. So an open vault proves nothing, nor
// does a slot that opens by itself, or another's unlock.
//
// A proof is a passphrase or a recovery key that opens the vault, or a token that
// wants its PIN or a touch. The recovery key, which is kept off the machine, is
// asked for only when it was chosen, or nothing else is left. Where the vault has
// no passphrase, and none of its tokens is there, the agent itself asks
// ([human.Consent]). It wraps [ErrUnproven] when no proof could be had, the person's
// refusal, and [keystore.ErrConflict] when another program has changed the vault.
func (a *Access) Prove(ctx context.Context, ask credproc.Asker, act Act) error {
	key := attempt{chosen: act.By, locks: a.state.lockCount()}
	if err := a.Refusal(); err != nil {
		return err
	}
	v, err := a.Open(ctx)
	if err == nil {
		err = v.Writable() // nobody is asked for what cannot be done
	}
	if err != nil {
		return err
	}
	opened, err := unlocker{access: a, vault: v, ask: ask, act: act}.prove(ctx)
	if err == nil && opened {
		err = a.admit(v, key)
	}
	if err == nil {
		err = a.Refusal() // the person may have locked it meanwhile
	}
	return err
}

// prove finds a proof, in the order in which they serve. Opened says that the
// vault was opened by it.
func (u unlocker) prove(ctx context.Context) (opened bool, err error) {
	slots, err := choose(u.vault.Slots(), u.act.By)
	if err != nil {
		return false, err
	}
	over, missed, err := u.byTokens(ctx, u.guarded(slots), u.act.By != "")
	if over {
		return true, err
	}
	for _, w := range u.access.ways {
		found := slotsOfKind(slots, w.kind)
		if w.typed != nil && len(found) > 0 && (!w.typed.spare || u.act.By != "") {
			return true, u.byTyping(ctx, *w.typed, found, missed)
		}
	}
	if fault := tokenFault(missed); fault != "" { // a click is worth less than the token that is there
		return false, fmt.Errorf("%s %w: %w", u.act.Why, ErrUnproven, errors.Join(missed...))
	}
	refused := human.AskConsent(ctx, u.ask, human.Question{What: u.act.Why, Uses: u.act.Uses})
	if refused == nil || !errors.Is(refused, human.ErrNoPrompt) || ctx.Err() != nil {
		return false, refused
	}
	return u.bySpare(ctx, slots, append(missed, refused))
}

// bySpare is the last resort: what is kept off the machine. Missed is why nothing
// before it served.
func (u unlocker) bySpare(ctx context.Context, slots []keystore.Slot, missed []error) (opened bool, err error) {
	for _, w := range u.access.ways {
		found := slotsOfKind(slots, w.kind)
		if w.typed == nil || len(found) == 0 {
			continue
		}
		err := u.byTyping(ctx, *w.typed, found, nil)
		if !errors.Is(err, human.ErrNoPrompt) {
			return true, err
		}
		missed = append(missed, fmt.Errorf("nobody could type the %s", w.typed.what))
	}
	return false, fmt.Errorf("%s %w: %w", u.act.Why, ErrUnproven, errors.Join(missed...))
}

// guarded are the slots that a token opens and a person takes part in.
func (u unlocker) guarded(slots []keystore.Slot) []keystore.Slot {
	var found []keystore.Slot
	for _, w := range u.access.ways {
		for _, slot := range slotsOfKind(slots, w.kind) {
			if w.token && w.guarded(slot) {
				found = append(found, slot)
			}
		}
	}
	return found
}
