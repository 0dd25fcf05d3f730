//go:build cgo && linux

package fido2

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

const pin = "123456"

var fileKey = []byte("0123456789abcdef")

var errNobody = errors.New("nobody there")

func nobody(t testing.TB) *persontest.Person { return typing(t) }

// typing is a person who types these PINs, and goes.
func typing(t testing.TB, pins ...string) *persontest.Person {
	p := &persontest.Person{Secret: func(context.Context, human.Question) (string, error) {
		if len(pins) == 0 {
			return "", errNobody
		}
		next := pins[0]
		pins = pins[1:]
		return next, nil
	}}
	t.Cleanup(func() { p.Closed(t) })
	return p
}

func newKey(t testing.TB, o ctap.Options) *ctap.Key {
	t.Helper()
	k, err := ctap.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		k.Close()
		if err := k.Foreign(); err != nil {
			t.Errorf("the host broke the rules: %v", err)
		}
	})
	return k
}

// devices lists exactly these keys.
func devices(t testing.TB, keys ...*ctap.Key) []token.Token {
	t.Helper()
	var paths []string
	for _, k := range keys {
		paths = append(paths, k.Path())
	}
	all, err := Devices(paths)
	if err != nil {
		t.Fatal(err)
	}
	var out []token.Token
	for _, d := range all {
		for _, path := range paths {
			if d.Place == path {
				out = append(out, d)
			}
		}
	}
	if len(out) != len(keys) {
		t.Fatalf("%d devices of %d: %+v", len(out), len(keys), all)
	}
	return out
}

// enrol makes a credential on the key.
func enrol(t testing.TB, k *ctap.Key, usePIN bool) Identity {
	t.Helper()
	d := devices(t, k)[0]
	var pins []string
	if d.FIDO2.PINSet {
		pins = []string{pin}
	}
	var p token.KeyParams
	if usePIN {
		p.PIN = always
	}
	made, err := NewKey(t.Context(), d, p, typing(t, pins...))
	if err != nil {
		t.Fatal(err)
	}
	i, err := ParseIdentity(made.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func wrapFor(t testing.TB, i Identity) []*age.Stanza {
	t.Helper()
	stanzas, err := Keys{}.Wrap(t.Context(), i, fileKey)
	if err != nil {
		t.Fatal(err)
	}
	return stanzas
}

// limits shortens the package's limits until the test ends.
func limits(t *testing.T, touch, answer, cancel time.Duration) {
	t.Helper()
	a, b, c := touchLimit, answerLimit, cancelLimit
	touchLimit, answerLimit, cancelLimit = touch, answer, cancel
	t.Cleanup(func() { touchLimit, answerLimit, cancelLimit = a, b, c })
}

func TestUnwrapOpensWhatWrapWrote(t *testing.T) {
	for _, c := range []struct {
		name      string
		o         ctap.Options
		usePIN    bool
		questions int
	}{
		{"no PIN on the key", ctap.Options{}, false, 0},
		{"PIN on the key, not wanted", ctap.Options{PIN: pin}, false, 0},
		{"PIN wanted", ctap.Options{PIN: pin}, true, 1},
		{"PIN wanted, protocol 2", ctap.Options{PIN: pin, Protocols: []uint64{2, 1}}, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKey(t, c.o)
			i := enrol(t, k, c.usePIN)
			if k.Touches() != 2 {
				t.Errorf("a new key took %d touches, want 2", k.Touches())
			}
			stanzas := wrapFor(t, i)
			p := typing(t, pin)
			got, from, err := Keys{devices(t, k), p}.Unwrap(t.Context(), i, stanzas)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, fileKey) || from.Place != k.Path() {
				t.Errorf("the wrong file key, or device %q", from.Place)
			}
			want := []token.Waiting{{For: token.AwaitTouch, Token: token.Token{Model: nameless, Place: k.Path()}}}
			if diff := cmp.Diff(want, p.Waits); diff != "" {
				t.Error(diff)
			}
			if len(p.Secrets) != c.questions || k.Touches() != 3 {
				t.Errorf("%d questions, %d touches in all", len(p.Secrets), k.Touches())
			}
		})
	}
}

func TestQuestionNamesKeyAndTries(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, k, true)
	stanzas := wrapFor(t, i)
	p := typing(t, "000000", "12", pin)
	if _, _, err := (Keys{devices(t, k), p}).Unwrap(t.Context(), i, stanzas); err != nil {
		t.Fatal(err)
	}
	question := human.Question{Kind: human.Secret, What: token.FIDO2PIN, Token: nameless}
	var want []human.Question
	for _, row := range []struct {
		tries int
		again string
	}{{8, ""}, {7, "wrong PIN"}, {7, "a FIDO2 PIN has 4 to 63 characters"}} {
		question.Tries, question.Again = row.tries, row.again
		want = append(want, question)
	}
	if diff := cmp.Diff(want, p.Secrets); diff != "" {
		t.Error(diff)
	}
	if k.PINRetries() != 8 {
		t.Errorf("%d tries left after the right PIN", k.PINRetries())
	}
}

func TestRefusalIsThePersons(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, k, true)
	_, _, err := Keys{devices(t, k), nobody(t)}.Unwrap(t.Context(), i, wrapFor(t, i))
	if !errors.Is(err, errNobody) || k.PINRetries() != 8 {
		t.Errorf("%v, %d tries left", err, k.PINRetries())
	}
}

func TestImpossiblePINsAreNotTried(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, k, true)
	_, _, err := Keys{devices(t, k), typing(t, "", "123456\x00", strings.Repeat("9", 64), pin)}.Unwrap(t.Context(), i, wrapFor(t, i))
	if !errors.Is(err, token.ErrPIN) || k.PINRetries() != 8 || k.Touches() != 2 {
		t.Errorf("%v, %d tries left, %d touches", err, k.PINRetries(), k.Touches())
	}
}

func TestMalformedStanzasCostNoTouch(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, k, true)
	d := devices(t, k)
	before := len(k.Journal())
	for name, s := range malformedStanzas(t, i) {
		if _, _, err := (Keys{d, nobody(t)}).Unwrap(t.Context(), i, []*age.Stanza{s}); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v, want token.ErrInvalid", name, err)
		}
	}
	if got := len(k.Journal()); got != before {
		t.Errorf("the key was asked %d times", got-before)
	}
}

func TestTheKeyThatMadeTheCredentialIsAsked(t *testing.T) {
	one, two := newKey(t, ctap.Options{PIN: "111111"}), newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, two, true)
	stanzas := wrapFor(t, i)
	both := devices(t, one, two)
	p := typing(t, pin)
	_, from, err := Keys{both, p}.Unwrap(t.Context(), i, stanzas)
	if err != nil || from.Place != two.Path() || len(p.Secrets) != 1 || p.Waits[0].Token.Place != two.Path() {
		t.Errorf("%v, from %q", err, from.Place)
	}
	if one.Touches() != 0 || one.PINRetries() != 8 {
		t.Error("the other key was bothered")
	}
	p = nobody(t)
	for name, d := range map[string][]token.Token{"another": both[:1], "none": nil, "no FIDO2": {{Place: "x"}}} {
		if _, _, err = (Keys{d, p}).Unwrap(t.Context(), i, stanzas); !errors.Is(err, token.ErrNotPresent) {
			t.Errorf("%s: %v, want token.ErrNotPresent", name, err)
		}
	}
	if len(p.Secrets)+len(p.Waits) != 0 {
		t.Error("the person was asked for a key that is not there")
	}
}

func TestNewKeyRefusesKeysThatCannot(t *testing.T) {
	for name, c := range map[string]struct {
		o    ctap.Options
		pin  string
		want error
	}{
		"no PIN to want": {ctap.Options{}, always, token.ErrNoPIN},
		"no hmac-secret": {ctap.Options{NoHMACSecret: true}, "", token.ErrUnsupported},
	} {
		k := newKey(t, c.o)
		_, err := NewKey(t.Context(), devices(t, k)[0], token.KeyParams{PIN: c.pin}, nobody(t))
		if !errors.Is(err, c.want) || k.Touches() != 0 {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := NewKey(t.Context(), token.Token{Model: "x"}, token.KeyParams{}, nobody(t)); !errors.Is(err, token.ErrUnsupported) {
		t.Errorf("no FIDO2: %v", err)
	}
}

func TestDevicesDescribeThemselves(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin, AAGUID: [16]byte{0xcb, 0x69, 0x48, 0x1e}})
	k.SetPINRetries(5)
	bare := newKey(t, ctap.Options{NoHMACSecret: true})
	gone := newKey(t, ctap.Options{})
	path := gone.Path()
	gone.Unplug()
	got, err := Devices([]string{k.Path(), bare.Path(), k.Path(), path, "", "/dev/null"})
	if err != nil {
		t.Fatal(err)
	}
	want := []token.Token{
		{Model: nameless, Place: k.Path(), FIDO2: &token.FIDO2{
			AAGUID: "cb69481e-0000-0000-0000-000000000000", HMACSecret: true, PINSet: true, Retries: 5,
		}},
		{Model: nameless, Place: bare.Path(), FIDO2: &token.FIDO2{AAGUID: "00000000-0000-0000-0000-000000000000", Retries: token.Unknown}},
		{Model: nameless, Place: "/dev/null", Fault: got[len(got)-1].Fault},
	}
	if diff := cmp.Diff(want, got); diff != "" || got[len(got)-1].Fault == "" {
		t.Error(diff)
	}
}

func TestDeviceThatIsSilentHasAFault(t *testing.T) {
	limits(t, time.Second, 100*time.Millisecond, 50*time.Millisecond)
	k := newKey(t, ctap.Options{})
	k.Fault(func(ctap.Frame) ctap.Fault { return ctap.Fault{Act: ctap.Drop} })
	got, err := Devices([]string{k.Path()})
	if err != nil || len(got) != 1 || !strings.Contains(got[0].Fault, "no answer within") || got[0].FIDO2 != nil {
		t.Errorf("%+v, %v", got, err)
	}
}
