package vault

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/agent/tokenrack"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
)

// owner is a person who types the recovery key, and is asked nothing else.
type owner struct {
	human.Silent
	recovery string
	asked    int
}

func (o *owner) Ask(_ context.Context, q human.Question) (human.Answer, error) {
	o.asked++
	return human.Answer{Text: []byte(o.recovery)}, nil
}

// noKeychain is a desktop without a keychain.
type noKeychain struct{ Keychain }

func (noKeychain) Available(context.Context) error { return errors.New("there is none") }

// stone is a kind of slot that this package does not know: a key that lies about.
func stone(key *age.X25519Identity) way {
	return way{
		kind: "stone",
		make: func(_ context.Context, m maker) (newSlot, error) {
			return newSlot{spec: keystore.SlotSpec{Recipient: key.Recipient(), Label: "grey"}}, nil
		},
		silent: func(context.Context, opener, keystore.Slot) (age.Identity, error) { return key, nil },
	}
}

func TestKindOfSlotIsARow(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	a := New(Options{
		Dir: filepath.Join(dir, "vault"), HighWater: filepath.Join(dir, "seen"), Keychain: noKeychain{}, Tokens: tokenrack.New(t),
		FS: durable.OS, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	o := new(owner)
	_, recovery, err := a.Create(t.Context(), o, Plan{Passphrase: "no", OneWayIn: true})
	if err != nil {
		t.Fatal(err)
	}
	o.recovery = string(recovery)
	_, _, err = a.AddSlot(t.Context(), o, Request{Kind: "stone"})
	if want := "a slot is of kind passphrase, keychain, recovery, plugin, piv or fido2, not \"stone\""; !errors.Is(err, errcode.BadRequest) ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("before there is such a kind: %v", err)
	}

	a.ways = append(a.ways, stone(key))
	slot, _, err := a.AddSlot(t.Context(), o, Request{Kind: "stone"})
	if err != nil || slot.Kind != "stone" || slot.Label != "grey" {
		t.Fatalf("got %+v, %v", slot, err)
	}
	a.Lock()
	o.asked = 0
	if v, err := a.Unlock(t.Context(), "", o); err != nil || v.Locked() || o.asked != 0 {
		t.Errorf("asked %d times: %v", o.asked, err)
	}
	if err := a.RemoveSlot(t.Context(), o, "stone", true); err != nil {
		t.Error(err)
	}
	if _, err := a.Unlock(t.Context(), "stone", o); !errors.Is(err, keystore.ErrNoSlot) {
		t.Errorf("after its removal: %v", err)
	}
}
