//go:build cgo && linux

package piv

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
)

// inOrder types one PIN after the other.
func inOrder(pins ...string) func(int) string {
	return func(n int) string { return pins[n] }
}

// ready is a rig with a key that wants the PIN alone.
func ready(t *testing.T) (*rig, Identity) {
	t.Helper()
	d := newRig(t, tokentest.YubiKeyOptions{})
	i, _ := d.make(token.KeyParams{Touch: "never"})
	return d, i
}

// questions are the tries left and the reasons that the person was told.
func (d *rig) questions() []human.Question {
	var all []human.Question
	for _, q := range d.person.Secrets {
		all = append(all, human.Question{What: q.What, Tries: q.Tries, Again: q.Again})
	}
	return all
}

func TestWrongPINIsAskedForAgain(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	d.person.pins = inOrder("654321", rightPIN)
	if err := d.unwrap(i); err != nil {
		t.Fatal(err)
	}
	want := []human.Question{
		{What: token.PIVPIN, Tries: 3},
		{What: token.PIVPIN, Tries: 2, Again: "wrong PIN"},
	}
	if diff := cmp.Diff(want, d.questions()); diff != "" {
		t.Error(diff)
	}
	d.checkGuard()
}

func TestWrongPINsStopAtTheGuard(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	d.person.pins = inOrder("111111", "222222")
	err := d.unwrap(i)
	var wrong *token.PINError
	if !errors.As(err, &wrong) || wrong.Retries != 1 || d.PINRetries() != 1 {
		t.Errorf("%v, %d left", err, d.PINRetries())
	}
	if err := d.unwrap(i); !errors.Is(err, token.ErrPINGuard) {
		t.Errorf("then: %v", err)
	}
	if len(d.person.Confirms) != 1 || len(d.person.Secrets) != 2 {
		t.Errorf("asked %d times whether, and %d times for a PIN", len(d.person.Confirms), len(d.person.Secrets))
	}
	d.checkGuard()
}

func TestLastTryIsThePersons(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	d.person.Yes = true
	d.SetPINRetries(1)
	if err := d.unwrap(i); err != nil || d.PINRetries() != 3 {
		t.Fatalf("%v, %d left", err, d.PINRetries())
	}
	d.SetPINRetries(1)
	d.person.pins = func(int) string { return "999999" }
	if err := d.unwrap(i); !errors.Is(err, token.ErrPINBlocked) || d.PINRetries() != 0 {
		t.Errorf("%v, %d left", err, d.PINRetries())
	}
	d.checkGuard()
}

func TestBlockedPINIsNotAskedFor(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	d.SetPINRetries(0)
	d.person.Yes = true
	if err := d.unwrap(i); !errors.Is(err, token.ErrPINBlocked) {
		t.Error(err)
	}
	if len(d.person.Secrets)+len(d.person.Confirms)+len(d.tried()) != 0 {
		t.Error("the person was asked, or the token tried")
	}
}

func TestTriesThatAreLostWhileThePersonTypesCount(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	d.person.OnAsk = func(human.Question) { d.SetPINRetries(1) }
	if err := d.unwrap(i); !errors.Is(err, token.ErrPINGuard) || len(d.tried()) != 0 {
		t.Errorf("%v, %d tries", err, len(d.tried()))
	}
	d.person.OnAsk = func(human.Question) { d.SetPINRetries(0) }
	d.SetPINRetries(2)
	if err := d.unwrap(i); !errors.Is(err, token.ErrPINBlocked) || len(d.tried()) != 0 {
		t.Errorf("%v, %d tries", err, len(d.tried()))
	}
}

func TestTokenThatIsChangedWhileThePersonTypesIsNotTried(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	other := tokentest.NewYubiKey(tokentest.YubiKeyOptions{Serial: 7})
	d.person.OnAsk = func(human.Question) {
		if err := errors.Join(service.Remove(d.number), service.Insert(d.number, other)); err != nil {
			t.Error(err)
		}
	}
	if err := d.unwrap(i); !errors.Is(err, token.ErrNoCredential) || other.PINRetries() != 3 {
		t.Errorf("%v, %d left", err, other.PINRetries())
	}
}

func TestPINThatCannotBeOneIsNotTried(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	d.person.pins = inOrder("", "12345", "123456789")
	if err := d.unwrap(i); !errors.Is(err, token.ErrPIN) || len(d.tried()) != 0 {
		t.Errorf("%v, %d tries", err, len(d.tried()))
	}
	d.person.typed = 0
	d.person.pins = inOrder("12345", rightPIN)
	if err := d.unwrap(i); err != nil {
		t.Error(err)
	}
}

func TestRefusalIsThePersonsOwn(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	d.person.refusal = human.ErrDismissed
	if err := d.unwrap(i); !errors.Is(err, human.ErrDismissed) || len(d.tried()) != 0 {
		t.Errorf("%v, %d tries", err, len(d.tried()))
	}
}

// A verified PIN hides the counter and lets a wrong PIN pass unnoticed.
func TestPINThatAnotherProgramVerifiedIsAskedForAll(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	d.person.pins = inOrder("654321", rightPIN)
	d.Command([]byte{0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8})
	d.YubiKey.Command(append([]byte{0, 0x20, 0, 0x80, 8}, rightPIN+"\xff\xff"...))
	if err := d.unwrap(i); err != nil {
		t.Fatal(err)
	}
	if got := d.questions(); len(got) != 2 || got[0].Tries != 3 || got[1].Tries != 2 {
		t.Errorf("%+v", got)
	}
}
