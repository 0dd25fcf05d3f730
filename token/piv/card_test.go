//go:build cgo && linux

package piv

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
)

func TestUnwrapAsksForWhatThePoliciesWant(t *testing.T) {
	for _, pin := range []string{"never", "once", "always"} {
		for _, touch := range []string{"never", "always", "cached"} {
			t.Run(pin+" "+touch, func(t *testing.T) {
				t.Parallel()
				d := newRig(t, tokentest.YubiKeyOptions{})
				i, made := d.make(token.KeyParams{PIN: pin, Touch: touch})
				if made.Key.PIN != pin || made.Key.Touch != touch {
					t.Errorf("made %+v", made.Key)
				}
				d.SetTouch(tokentest.TouchNever) // until the person is told
				d.person.OnAwait = func(token.Waiting) { d.SetTouch(tokentest.TouchNow) }
				if err := d.unwrap(i); err != nil {
					t.Fatal(err)
				}
				wantPINs, wantTouches := 1, 1
				if pin == "never" {
					wantPINs = 0
				}
				if touch == "never" {
					wantTouches = 0
				}
				if len(d.person.Secrets) != wantPINs || len(d.tried()) != wantPINs {
					t.Errorf("%d questions and %d tries", len(d.person.Secrets), len(d.tried()))
				}
				if len(d.person.Waits) != wantTouches || d.person.Open != 0 {
					t.Errorf("told of %d touches, of which %d stand", len(d.person.Waits), d.person.Open)
				}
				for _, w := range d.person.Waits {
					if w.For != token.AwaitTouch || w.Token.Serial != d.token.Serial {
						t.Errorf("waits for %+v", w)
					}
				}
				d.checkGuard()
			})
		}
	}
}

func TestNewKeyIsShownAndVouchedFor(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	i, made := d.make(token.KeyParams{})
	if i.Serial != d.Serial() || i.Slot != 0x82 || made.Token.Serial != d.token.Serial {
		t.Errorf("%+v, %+v", i, made)
	}
	if made.Recipient != i.Recipient() || len(d.person.Secrets) != 0 || d.Waits() != 0 {
		t.Errorf("recipient %s, %d questions, %d touches", made.Recipient, len(d.person.Secrets), d.Waits())
	}
	second, _ := d.make(token.KeyParams{PIN: "never", Touch: "cached"})
	told := 0
	got, err := Read(t.Context(), d.reader, func() { told++ })
	if err != nil {
		t.Fatal(err)
	}
	if told != 2 {
		t.Errorf("told of %d keys", told)
	}
	key := func(i Identity, pin, touch string) token.PIVKey {
		return token.PIVKey{
			Slot: slotName(i.Slot), Algorithm: "P-256", PIN: pin, Touch: touch, Origin: "generated",
			Subject:   fmt.Sprintf("CN=age identity %x,OU=mfad,O=age-plugin-yubikey", i.Tag),
			Recipient: i.Recipient(), Attested: true,
		}
	}
	want := &token.PIV{Version: "5.4.3", Retries: 3, Keys: []token.PIVKey{key(i, "once", "always"), key(second, "never", "cached")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A key without policies is not what was asked for, and one with them makes an
// old applet fail in the middle.
func TestAppletThatKnowsNoPoliciesIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	for _, row := range []struct {
		version string
		params  token.KeyParams
		says    string // empty: a key is made
	}{
		{"3.4.9", token.KeyParams{}, "its PIV applet, of version 3.4.9, knows no touch and PIN policies; a YubiKey 4 or later is wanted"},
		{"3.4.9", token.KeyParams{Touch: "never", PIN: "never"}, "of version 3.4.9, knows no touch and PIN policies"},
		{"4.2.8", token.KeyParams{Touch: "cached"}, "of version 4.2.8, does not know the touch policy cached"},
		{"4.2.8", token.KeyParams{Touch: "never"}, ""},
		{"4.3.7", token.KeyParams{Touch: "cached"}, ""},
	} {
		t.Run(row.version+" "+row.params.Touch, func(t *testing.T) {
			t.Parallel()
			d := newRig(t, tokentest.YubiKeyOptions{Version: row.version})
			d.person.Yes = row.says == "" // it does not tell which slot is free
			_, err := d.newKey(row.params)
			if row.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, token.ErrUnsupported) || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "slot") {
				t.Errorf("got %v", err)
			}
			for _, e := range d.Journal() {
				if slices.Contains([]byte{0x47, 0x87, 0xdb}, e.Command[1]) {
					t.Errorf("to make it, %v was sent", e)
				}
			}
			if len(d.person.Secrets)+len(d.person.Confirms) > 0 {
				t.Error("the person was asked")
			}
		})
	}
}

func TestReadOfATokenWithoutTheApplet(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{NoPIV: true})
	for range 2 { // the first must not leave the reader locked
		if p, err := Read(t.Context(), d.reader, nil); p != nil || err != nil {
			t.Errorf("%+v, %v", p, err)
		}
	}
	if _, err := d.newKey(token.KeyParams{}); !errors.Is(err, token.ErrUnsupported) {
		t.Errorf("new key: %v", err)
	}
}

func TestReadAsksForNothingAndLeavesEmptySlotsAlone(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	if _, err := Read(t.Context(), d.reader, nil); err != nil {
		t.Fatal(err)
	}
	for _, e := range d.Journal() {
		if e.Command[1] == 0xf9 {
			t.Error("an empty slot was to be attested")
		}
	}
	if n := len(d.Journal()); n > 2+2+len(slots) {
		t.Errorf("%d commands", n)
	}
}

func TestKeyOfAnotherRootIsNotVouchedFor(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{CA: tokentest.NewCA("somebody else")})
	_, made := d.make(token.KeyParams{})
	if made.Key.Attested {
		t.Error("attested")
	}
}

func TestBothKindsOfIdentityAndStanzaOpen(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	i, _ := d.make(token.KeyParams{PIN: "never", Touch: "never"})
	stub := i
	stub.Public = nil
	theirs, err := ParseIdentity(stub.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []Identity{i, theirs} {
		fileKey, err := d.applet().Unwrap(t.Context(), who, d.wrap(i))
		if err != nil || string(fileKey) != string(testFileKey) {
			t.Errorf("%s: %v", who, err)
		}
	}
}

func TestStanzaForAnotherKeyCostsNothing(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	i, _ := d.make(token.KeyParams{})
	other := d.wrap(NewIdentity(1, 0x82, newKey(t).PublicKey()))
	d.ClearJournal()
	for _, stanzas := range [][]*age.Stanza{nil, other, {{Type: typeP256, Args: []string{"a", "b"}}}} {
		if _, err := d.applet().Unwrap(t.Context(), i, stanzas); !errors.Is(err, token.ErrInvalid) {
			t.Error(err)
		}
	}
	if n := len(d.Journal()); n != 0 {
		t.Errorf("%d commands", n)
	}
}

func TestDamagedBodyIsTold(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	i, _ := d.make(token.KeyParams{Touch: "never"})
	stanzas := d.wrap(i)
	stanzas[0].Body[3] ^= 1
	if _, err := d.applet().Unwrap(t.Context(), i, stanzas); !errors.Is(err, token.ErrInvalid) {
		t.Error(err)
	}
}

func TestSlotThatHoldsAnotherKeyOrNone(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	i, _ := d.make(token.KeyParams{})
	moved := i
	moved.Slot = 0x83
	if err := d.unwrap(moved); !errors.Is(err, token.ErrNoCredential) {
		t.Errorf("empty slot: %v", err)
	}
	foreign := NewIdentity(i.Serial, i.Slot, newKey(t).PublicKey())
	if err := d.unwrap(foreign); !errors.Is(err, token.ErrNoCredential) {
		t.Errorf("another key: %v", err)
	}
	if len(d.person.Secrets) != 0 {
		t.Error("a PIN was asked for")
	}
}

func TestTokenThatIsNotTouched(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{TouchLimit: 200 * time.Millisecond})
	i, _ := d.make(token.KeyParams{})
	d.SetTouch(tokentest.TouchNever)
	if err := d.unwrap(i); !errors.Is(err, token.ErrTouch) {
		t.Error(err)
	}
	d.SetTouch(tokentest.TouchNow)
	if err := d.unwrap(i); err != nil {
		t.Error(err)
	}
	if d.person.Open != 0 || d.PINRetries() != 3 {
		t.Errorf("%d waits stand, %d tries left", d.person.Open, d.PINRetries())
	}
	d.checkGuard()
}

func TestCallerWhoGoesDoesNotWaitForTheTouch(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	i, _ := d.make(token.KeyParams{PIN: "never"})
	d.SetTouch(tokentest.TouchNever)
	ctx, cancel := context.WithCancel(t.Context())
	d.person.OnAwait = func(token.Waiting) { cancel() }
	if _, err := d.applet().Unwrap(ctx, i, d.wrap(i)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	d.person.OnAwait = nil
	if d.person.Open != 0 {
		t.Error("the person is still told to touch it")
	}
	d.SetTouch(tokentest.TouchNow) // what was begun ends, and the reader is free again
	if err := d.unwrap(i); err != nil {
		t.Error(err)
	}
}

func TestPINDoesNotStayVerified(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	i, _ := d.make(token.KeyParams{Touch: "never"})
	for range 2 {
		if err := d.unwrap(i); err != nil {
			t.Fatal(err)
		}
		if answer := d.Command([]byte{0, 0x20, 0, 0x80}); fmt.Sprintf("%x", answer) == "9000" {
			t.Error("the PIN is verified")
		}
	}
	if len(d.tried()) != 2 {
		t.Errorf("the PIN was verified %d times", len(d.tried()))
	}
}
