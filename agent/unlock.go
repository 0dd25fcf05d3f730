package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// tries is how often a secret is asked for before a request is refused.
const tries = 3

// accountFact is the fact of a keychain slot that names its entry there.
const accountFact = "account"

// unlocker is one run through a vault's slots. It belongs to a flight: its
// questions go to whoever rides.
type unlocker struct {
	door  *door
	vault *keystore.Vault
	ask   credproc.Asker
	why   string // empty: to use the vault
}

// run opens the vault with the chosen slots, an id or a kind. If none are
// chosen it tries those that ask nothing first, then the tokens that are plugged
// in, then those that ask; a recovery key is asked for only when there is no
// passphrase to ask for. Who dismisses a token's question wants no other.
func (u unlocker) run(ctx context.Context, chosen string) error {
	slots, err := choose(u.vault.Slots(), chosen)
	if err != nil {
		return err
	}
	var missed []error
	for _, slot := range append(of(slots, keystore.SlotKeychain), of(slots, keystore.SlotPlugin)...) {
		err := u.bySlot(ctx, slot)
		if err == nil || fatal(err) || ctx.Err() != nil {
			return err
		}
		missed = append(missed, u.miss(ctx, slot, err))
	}
	over, absent, err := u.byTokens(ctx, ofTokens(u.door.tokens.KeyKinds(), slots), chosen != "")
	if over {
		return err
	}
	missed = append(missed, absent...)
	if asked := of(slots, keystore.SlotPassphrase); len(asked) > 0 {
		return u.byAsking(ctx, asked, "passphrase", keystore.PassphraseIdentity, missed)
	}
	if asked := of(slots, keystore.SlotRecovery); len(asked) > 0 {
		return u.byAsking(ctx, asked, "recovery key", keystore.ParseRecovery, missed)
	}
	return errors.Join(missed...)
}

// miss notes that a slot did not open the vault.
func (u unlocker) miss(ctx context.Context, slot keystore.Slot, err error) error {
	u.door.log.WarnContext(ctx, "slot did not open the vault", "slot", slot.ID, "kind", slot.Kind, "err", err)
	return fmt.Errorf("%s slot: %w", slot.Kind, err)
}

// fatal errors are the vault's: no other slot would do better.
func fatal(err error) bool {
	return errors.Is(err, keystore.ErrDamaged) || errors.Is(err, keystore.ErrRolledBack) || errors.Is(err, keystore.ErrClosed)
}

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

func of(slots []keystore.Slot, kind keystore.SlotKind) []keystore.Slot {
	var found []keystore.Slot
	for _, s := range slots {
		if s.Kind == kind {
			found = append(found, s)
		}
	}
	return found
}

// bySlot opens the vault with a slot that needs no passphrase.
func (u unlocker) bySlot(ctx context.Context, slot keystore.Slot) error {
	var identity age.Identity
	var err error
	if slot.Kind == keystore.SlotKeychain {
		identity, err = u.door.fromKeychain(ctx, slot)
	} else {
		identity, err = keystore.PluginIdentity(slot, pluginUI(ctx, u.ask))
	}
	if err != nil {
		return err
	}
	return u.vault.Unlock(ctx, slot.ID, identity)
}

func (d *door) fromKeychain(ctx context.Context, slot keystore.Slot) (age.Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, keychainLimit)
	defer cancel()
	text, err := d.keychain.Get(ctx, slot.Facts[accountFact])
	if err != nil {
		return nil, err
	}
	defer clear(text)
	return keystore.ParseRecovery(text)
}

// byAsking asks for a secret until it opens one of slots, at most so many
// times. Missed is why the slots that ask nothing did not open.
func (u unlocker) byAsking(ctx context.Context, slots []keystore.Slot, what string, parse func([]byte) (age.Identity, error), missed []error) error {
	what = fmt.Sprintf("%s of vault %q", what, vaultName)
	if u.why != "" {
		what += ", " + u.why
	}
	again := instead(missed)
	var err error
	for range tries {
		var secret []byte
		if secret, err = u.ask.Secret(ctx, credproc.Question{What: what, Again: again}); err != nil {
			return fmt.Errorf("unlocking vault %q: %w%s", vaultName, err, besides(missed))
		}
		err = u.bySecret(ctx, slots, secret, parse)
		if !errors.Is(err, keystore.ErrWrongPassphrase) {
			return err
		}
		again = "that does not open the vault"
	}
	return err
}

// instead tells why the person, who may have typed a PIN just now, is asked for
// something else; empty when no token was tried.
func instead(missed []error) string {
	for _, err := range slices.Backward(missed) {
		for _, tried := range []error{token.ErrPIN, token.ErrPINBlocked, token.ErrTouch, token.ErrRemoved, token.ErrBusy, token.ErrHelper} {
			if errors.Is(err, tried) {
				return line.One(err.Error())
			}
		}
	}
	return ""
}

// besides tells of the slots that ask nothing and did not open either.
func besides(missed []error) string {
	var text strings.Builder
	for _, err := range missed {
		fmt.Fprintf(&text, " (%v)", err)
	}
	return text.String()
}

// bySecret tries what was typed on each of slots, and wipes it.
func (u unlocker) bySecret(ctx context.Context, slots []keystore.Slot, secret []byte, parse func([]byte) (age.Identity, error)) error {
	defer clear(secret)
	identity, err := parse(secret)
	if err != nil {
		return err
	}
	return u.door.wrapping(ctx, func() error {
		for _, slot := range slots {
			if err = u.vault.Unlock(ctx, slot.ID, identity); err == nil || fatal(err) {
				break
			}
		}
		return err
	})
}
