package vault

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/keystore/keychain"
)

// keychainLimit is how long the desktop may take to have the person unlock the
// keychain, before the next way in is tried.
const keychainLimit = 30 * time.Second

// OSKeychain is the keychain of the desktop.
type OSKeychain struct{}

var _ Keychain = OSKeychain{}

// Available implements [Keychain].
func (OSKeychain) Available(ctx context.Context) error { return keychain.Available(ctx) }

// Get implements [Keychain].
func (OSKeychain) Get(ctx context.Context, account string) ([]byte, error) {
	return keychain.Get(ctx, account)
}

// Set implements [Keychain].
func (OSKeychain) Set(ctx context.Context, account string, secret []byte) error {
	return keychain.Set(ctx, account, secret)
}

// Delete implements [Keychain].
func (OSKeychain) Delete(ctx context.Context, account string) error {
	return keychain.Delete(ctx, account)
}

var keychainWay = way{kind: keystore.SlotKeychain, make: fillKeychain, silent: fromKeychain, leave: leaveKeychain}

// fillKeychain puts a new identity into the OS keychain, and makes sure that it
// comes out again before a vault depends on it.
func fillKeychain(ctx context.Context, m maker) (newSlot, error) {
	recipient, text, err := keystore.NewRecovery()
	if err != nil {
		return newSlot{}, err
	}
	defer text.Destroy()
	account := Name + " " + rand.Text()
	if err := m.keychain.Set(ctx, account, text.Bytes()); err != nil {
		return newSlot{}, err
	}
	undo := func() { m.emptyKeychain(ctx, account) }
	back, err := m.keychain.Get(ctx, account)
	defer clear(back)
	if err == nil && subtle.ConstantTimeCompare(back, text.Bytes()) != 1 {
		err = errors.New("the keychain gave back something else than was put in")
	}
	if err != nil {
		undo()
		return newSlot{}, err
	}
	facts := inventory.KeychainSlot{Account: account}.Facts()
	return newSlot{spec: keystore.SlotSpec{Recipient: recipient, Facts: facts}, undo: undo}, nil
}

func fromKeychain(ctx context.Context, o opener, slot keystore.Slot) (age.Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, keychainLimit)
	defer cancel()
	text, err := o.keychain.Get(ctx, inventory.KeychainSlotOf(slot).Account)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	return keystore.ParseRecovery(text)
}

func leaveKeychain(ctx context.Context, t tools, slot keystore.Slot) {
	if account := inventory.KeychainSlotOf(slot).Account; account != "" {
		t.emptyKeychain(ctx, account)
	}
}

// emptyKeychain removes an entry that no slot needs; what stays behind opens nothing.
func (t tools) emptyKeychain(ctx context.Context, account string) {
	if err := t.keychain.Delete(context.WithoutCancel(ctx), account); err != nil {
		t.log.WarnContext(ctx, "keychain entry was left behind", "account", account, "err", err)
	}
}
