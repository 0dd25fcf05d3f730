package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// Unlock unlocks the vault with a slot, an id or a kind, and lifts a lock of the
// person's that stood when it began; with no slot chosen it tries all. Of a vault
// that is open it starts the hold time anew, which takes a way in as well: whoever
// could do without would keep it open for ever. Where nobody can be asked for one, the
// vault stays open as it was. A vault that another program has changed is read anew. It
// wraps [keystore.ErrNoSlot], or why no slot opens it.
func (a *Access) Unlock(ctx context.Context, chosen string, ask credproc.Asker) (*keystore.Vault, error) {
	v, err := a.reopened(ctx)
	if err != nil {
		return nil, err
	}
	open := !v.Locked()
	if open && chosen == "" && v.HeldUntil().IsZero() {
		return v, nil // only a lock ends it
	}
	_, err = a.unlock(ctx, v, chosen, ask)
	if open && chosen == "" && errors.Is(err, human.ErrNoPrompt) && !v.Locked() {
		err = nil
	}
	return v, err
}

// unlock tries slots as chosen, in one flight for all who want the same.
func (a *Access) unlock(ctx context.Context, v *keystore.Vault, chosen string, ask credproc.Asker) (*keystore.Vault, error) {
	key := attempt{chosen, a.state.lockCount()}
	return a.unlocking.Do(ctx, key, ask, func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (*keystore.Vault, error) {
		return v, a.try(ctx, unlocker{access: a, vault: v, ask: credproc.Relay(waiters)}, key)
	})
}

// attempt is what one unlocking flight is for: the slots to try, and the number
// of locks before it, so that who unlocks after a lock waits for no flight from
// before it.
type attempt struct {
	chosen string
	locks  uint64
}

// try makes one attempt, which counts unless the person has locked the vault since.
func (a *Access) try(ctx context.Context, u unlocker, key attempt) error {
	if err := u.run(ctx, key.chosen); err != nil {
		return err
	}
	return a.admit(u.vault, key)
}

// admit lets an attempt that has opened the vault count, unless the person has
// locked it since.
func (a *Access) admit(v *keystore.Vault, key attempt) error {
	if !a.state.admit(key.locks) {
		v.Lock()
		return a.Refusal()
	}
	return nil
}

// unlocker is one run through a vault's slots. It belongs to a flight: its
// questions go to whoever waits for that.
type unlocker struct {
	access *Access
	vault  *keystore.Vault
	ask    credproc.Asker
	act    Act // what the person is to prove; zero: to use the vault
}

// run opens the vault with the chosen slots, an id or a kind. If none are chosen
// it tries those that ask nothing first, then the tokens that are plugged in, then
// the first kind whose secret can be typed: a recovery key is asked for only when
// there is no passphrase to ask for. Who dismisses a token's question wants no
// other.
func (u unlocker) run(ctx context.Context, chosen string) error {
	slots, err := choose(u.vault.Slots(), chosen)
	if err != nil {
		return err
	}
	var missed []error
	var byToken []keystore.Slot
	for _, w := range u.access.ways {
		for _, slot := range slotsOfKind(slots, w.kind) {
			if w.token {
				byToken = append(byToken, slot)
			}
			if w.silent == nil {
				continue
			}
			err := u.silently(ctx, w, slot)
			if err == nil || fatal(err) || ctx.Err() != nil {
				return err
			}
			missed = append(missed, u.miss(ctx, slot, err))
		}
	}
	over, absent, err := u.byTokens(ctx, byToken, chosen != "")
	if over {
		return err
	}
	missed = append(missed, absent...)
	for _, w := range u.access.ways {
		if found := slotsOfKind(slots, w.kind); w.typed != nil && len(found) > 0 {
			return u.byTyping(ctx, *w.typed, found, missed)
		}
	}
	return errors.Join(missed...)
}

// miss notes that a slot did not open the vault.
func (u unlocker) miss(ctx context.Context, slot keystore.Slot, err error) error {
	u.access.tools.log.WarnContext(ctx, "slot did not open the vault", "slot", slot.ID, "kind", slot.Kind, "err", err)
	return fmt.Errorf("%s slot: %w", slot.Kind, err)
}

// fatal errors are the vault's: no other slot would do better.
func fatal(err error) bool {
	return errors.Is(err, keystore.ErrDamaged) || errors.Is(err, keystore.ErrRolledBack) || errors.Is(err, keystore.ErrUnmarked) ||
		errors.Is(err, keystore.ErrConflict) || errors.Is(err, keystore.ErrClosed)
}

// choose finds the slots that are meant by an id or a kind; all, by neither.
func choose(slots []keystore.Slot, chosen string) ([]keystore.Slot, error) {
	if chosen == "" {
		return slots, nil
	}
	found := slices.DeleteFunc(slices.Clone(slots), func(s keystore.Slot) bool {
		return s.ID != chosen && string(s.Kind) != chosen
	})
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: %.80q", keystore.ErrNoSlot, chosen)
	}
	return found, nil
}

func slotsOfKind(slots []keystore.Slot, kind keystore.SlotKind) []keystore.Slot {
	return slices.DeleteFunc(slices.Clone(slots), func(s keystore.Slot) bool { return s.Kind != kind })
}

// silently opens the vault with a slot that asks for no secret of the vault's.
func (u unlocker) silently(ctx context.Context, w way, slot keystore.Slot) error {
	identity, err := w.silent(ctx, opener{u.access.tools, u.ask}, slot)
	if err != nil {
		return err
	}
	return u.vault.Unlock(ctx, slot.ID, identity)
}

// byTyping asks for a secret until it opens one of slots, each who may answer at
// most so many times. Missed is why the slots before did not open.
func (u unlocker) byTyping(ctx context.Context, secret typed, slots []keystore.Slot, missed []error) error {
	what := fmt.Sprintf("%s of vault %q", secret.what, Name)
	if u.act.Why != "" {
		what += ", " + u.act.Why
	}
	again := tokenFault(missed)
	for try := 1; ; try++ {
		text, err := human.AskSecret(ctx, u.ask, human.Question{What: what, Again: again, Uses: u.act.Uses})
		if err != nil {
			return fmt.Errorf("unlocking vault %q: %w%s", Name, err, inBrackets(missed))
		}
		err = u.bySecret(ctx, secret, slots, text)
		if !errors.Is(err, keystore.ErrWrongPassphrase) {
			return err
		}
		again = "that does not open the vault"
		if try < tries {
			continue
		}
		if !human.Blame(u.ask, err) {
			return err
		}
		try, again = 0, tokenFault(missed)
	}
}

// triedTokens are the faults of tokens that were tried, rather than only looked for.
var triedTokens = []error{
	token.ErrPIN, token.ErrPINBlocked, token.ErrPUKBlocked, token.ErrTouch, token.ErrRemoved, token.ErrBusy, token.ErrHelper,
}

// tokenFault tells why the person, who may have typed a PIN just now, is asked for
// something else; empty when no token was tried.
func tokenFault(missed []error) string {
	for _, err := range slices.Backward(missed) {
		for _, tried := range triedTokens {
			if errors.Is(err, tried) {
				return line.One(err.Error())
			}
		}
	}
	return ""
}

// inBrackets tells of the slots that did not open either.
func inBrackets(missed []error) string {
	var text strings.Builder
	for _, err := range missed {
		fmt.Fprintf(&text, " (%v)", err)
	}
	return text.String()
}

// bySecret tries what was typed on each of slots, and wipes it.
func (u unlocker) bySecret(ctx context.Context, secret typed, slots []keystore.Slot, text []byte) error {
	defer clear(text)
	identity, err := secret.parse(text)
	if err != nil {
		return err
	}
	return u.access.scrypt.run(ctx, func() error {
		for _, slot := range slots {
			if err = u.vault.Unlock(ctx, slot.ID, identity); err == nil || fatal(err) {
				break
			}
		}
		return err
	})
}
