package agent

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime/debug"
	"unicode/utf8"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// shortestPassphrase is in characters (NIST SP 800-63B, 5.1.1.1).
const shortestPassphrase = 8

// newSlot is a way in that is ready to be added to a vault.
type newSlot struct {
	spec     keystore.SlotSpec
	recovery string // shown once; kind recovery alone
	undo     func() // when it is not added after all
}

// makeSlot asks for and makes what a slot needs, outside the vault.
func (s *Service) makeSlot(ctx context.Context, r *request, p wire.SlotAddParams) (newSlot, error) {
	made := newSlot{spec: keystore.SlotSpec{Kind: keystore.SlotKind(p.Kind), Label: p.Label}, undo: func() {}}
	var err error
	switch made.spec.Kind {
	case keystore.SlotPassphrase:
		err = s.choosePassphrase(ctx, r, &made.spec)
	case keystore.SlotKeychain:
		err = s.fillKeychain(ctx, &made)
	case keystore.SlotRecovery:
		var text *keystore.Secret
		if made.spec.Recipient, text, err = keystore.NewRecovery(); err == nil {
			made.recovery = string(text.Bytes())
			text.Destroy()
		}
	case keystore.SlotPlugin:
		made.spec, err = fillPlugin(ctx, r.ask, p)
	default:
		kinds := s.tokens.KeyKinds()
		if kind, known := kinds.Find(p.Kind); known {
			made.spec, err = s.fillToken(ctx, r.ask, kind, p)
		} else {
			err = wire.Errorf(wire.ErrBadRequest, "a slot is of kind passphrase, keychain, recovery, plugin, %s, not %.20q", kinds, p.Kind)
		}
	}
	if err != nil {
		return newSlot{}, fmt.Errorf("making a %s slot: %w", p.Kind, err)
	}
	return made, nil
}

// choosePassphrase asks for a new passphrase.
func (s *Service) choosePassphrase(ctx context.Context, r *request, spec *keystore.SlotSpec) error {
	what, again := fmt.Sprintf("passphrase of vault %q", vaultName), "" // a prompter says that it is a new one
	for range tries {
		pass, err := r.ask.newSecret(ctx, what, again)
		if err != nil {
			return err
		}
		if utf8.RuneCount(pass) >= shortestPassphrase {
			spec.Recipient, err = keystore.PassphraseRecipient(pass)
			clear(pass)
			return err
		}
		clear(pass)
		again = fmt.Sprintf("a passphrase has at least %d characters", shortestPassphrase)
	}
	return wire.Errorf(wire.ErrBadRequest, "%s", again)
}

// fillKeychain puts a new identity into the OS keychain, and makes sure that
// it comes out again before a vault depends on it.
func (s *Service) fillKeychain(ctx context.Context, made *newSlot) error {
	recipient, text, err := keystore.NewRecovery()
	if err != nil {
		return err
	}
	defer text.Destroy()
	chain, account := s.options.Keychain, vaultName+" "+rand.Text()
	if err := chain.Set(ctx, account, text.Bytes()); err != nil {
		return err
	}
	made.undo = func() { s.emptyKeychain(ctx, account) }
	back, err := chain.Get(ctx, account)
	defer clear(back)
	if err == nil && subtle.ConstantTimeCompare(back, text.Bytes()) != 1 {
		err = errors.New("the keychain gave back something else than was put in")
	}
	if err != nil {
		made.undo()
		return err
	}
	made.spec.Recipient, made.spec.Facts = recipient, map[string]string{accountFact: account}
	return nil
}

// emptyKeychain removes an entry that no slot needs; what stays behind opens nothing.
func (s *Service) emptyKeychain(ctx context.Context, account string) {
	if err := s.options.Keychain.Delete(context.WithoutCancel(ctx), account); err != nil {
		s.options.Logger.WarnContext(ctx, "keychain entry was left behind", "account", account, "err", err)
	}
}

// slotAdd takes an old way in for a new one, which opens every secret of the
// vault, also without mfad.
func (s *Service) slotAdd(ctx context.Context, r *request, p wire.SlotAddParams) (wire.SlotAddResult, error) {
	if err := s.door.prove(ctx, r.ask, "to add a way in"); err != nil {
		return wire.SlotAddResult{}, err
	}
	made, err := s.makeSlot(ctx, r, p)
	if err != nil {
		return wire.SlotAddResult{}, err
	}
	var slot keystore.Slot
	err = s.door.use(ctx, r.ask, func(v *keystore.Vault) error {
		add := func() (err error) {
			slot, err = v.AddSlot(made.spec)
			return err
		}
		if made.spec.Kind != keystore.SlotPassphrase {
			return add() // which may wait for a touch
		}
		return s.door.wrapping(ctx, add)
	})
	if err != nil {
		made.undo()
		return wire.SlotAddResult{}, err
	}
	return wire.SlotAddResult{Slot: describeSlot(slot), Recovery: made.recovery}, nil
}

// wrapping runs f, which may run scrypt, alone, and gives scrypt's memory back.
func (d *door) wrapping(ctx context.Context, f func() error) error {
	if err := d.scrypt.Enter(ctx); err != nil {
		return err
	}
	defer d.scrypt.Leave()
	defer debug.FreeOSMemory() // scrypt takes 256 MiB
	return f()
}

func (s *Service) slotRemove(ctx context.Context, r *request, p wire.SlotRemoveParams) (none, error) {
	var gone keystore.Slot
	err := s.door.use(ctx, r.ask, func(v *keystore.Vault) error {
		found, err := choose(v.Slots(), p.ID)
		if err != nil {
			return err
		}
		if p.ID == "" || len(found) != 1 {
			return wire.Errorf(wire.ErrBadRequest, "%d slots are meant by %q: name one by its id", len(found), p.ID)
		}
		gone = found[0]
		return v.RemoveSlot(gone.ID, p.Last)
	})
	if err != nil {
		return none{}, err
	}
	if account := gone.Facts[accountFact]; gone.Kind == keystore.SlotKeychain && account != "" {
		s.emptyKeychain(ctx, account)
	}
	return none{}, nil
}

func describeSlot(s keystore.Slot) wire.Slot {
	return wire.Slot{
		ID: s.ID, Kind: string(s.Kind), Label: s.Label, Created: s.Created,
		Token: s.Facts[modelFact], Identity: s.Facts[token.FactIdentity],
	}
}
