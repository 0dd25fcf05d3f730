//go:build cgo

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
)

const (
	seed    = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	seedKey = "12345678901234567890"
	secret  = "AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	name    = "mfad:work"
)

// put puts a TOTP credential on tokens.
func put(p *persontest.Person, h *token.Helper, t testing.TB, touch bool, serials ...string) (token.Placed, error) {
	t.Helper()
	return h.OATHPut(t.Context(), token.OATHPutParams{
		Ref: token.Ref{Serials: serials}, Name: name, Algorithm: "SHA1", Digits: 6, Key: []byte(seedKey), Touch: touch,
	}, p)
}

// code is what the token must compute.
func code(t testing.TB, step uint64) string {
	t.Helper()
	want, err := hotp.GenerateCodeCustom(seed, step, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	return want
}

func TestTokenComputesCodes(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	if _, err := put(p, h, t, false); err != nil {
		t.Fatal(err)
	}
	for _, step := range []uint64{0, 1, 0x123456789abcdef0} {
		got, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name, Challenge: step}, p)
		if err != nil || got.Digits != code(t, step) {
			t.Errorf("step %d: got %q, %v", step, got.Digits, err)
		}
		if got.Token.Serial != serial(y) || got.Token.Model != "YubiKey 5 NFC" || got.Token.Place != house.service.Reader(0) {
			t.Errorf("it was %+v", got.Token)
		}
	}
	if got := ykman(t, y, "oath", "accounts", "list"); got != name {
		t.Errorf("ykman lists %q", got)
	}
	if len(p.Waits)+len(p.Secrets) > 0 {
		t.Errorf("asked %v, awaited %v", p.Secrets, p.Waits)
	}
}

func TestTokenComputesTheDaysKey(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	plug(t, 0, tokentest.YubiKeyOptions{})
	params := token.OATHPutParams{Name: "key", Algorithm: "SHA256", Digits: 6, Key: []byte(secret), Touch: true}
	if _, err := h.OATHPut(t.Context(), params, p); err != nil {
		t.Fatal(err)
	}
	got, err := h.OATHDay(t.Context(), token.OATHDayParams{Name: "key", Day: "20261121", Touch: true}, p)
	here := hmac.New(sha256.New, []byte(secret))
	here.Write([]byte("20261121"))
	if err != nil || !hmac.Equal(got.Key, here.Sum(nil)) {
		t.Errorf("another key than the host's, %v", err)
	}
	if len(p.Waits) != 2 || p.Waits[1].For != token.AwaitTouch || p.Waits[1].Token != got.Token {
		t.Errorf("awaited %v", p.Waits)
	}
	for _, day := range []string{"", "2026112", "2026-11-", "202611211"} {
		if _, err := h.OATHDay(t.Context(), token.OATHDayParams{Name: "key", Day: day}, p); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%q: got %v", day, err)
		}
	}
	if _, err := put(p, h, t, false); err != nil {
		t.Fatal(err)
	}
	if _, err := h.OATHDay(t.Context(), token.OATHDayParams{Name: name, Day: "20261121"}, p); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("of a SHA1 credential: %v", err)
	}
}

func TestTouchThatDoesNotComeIsAnError(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	y := plug(t, 0, tokentest.YubiKeyOptions{TouchLimit: 100 * time.Millisecond})
	if _, err := put(p, h, t, true); err != nil {
		t.Fatal(err)
	}
	y.SetTouch(tokentest.TouchNever)
	if _, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name}, p); !errors.Is(err, token.ErrTouch) {
		t.Errorf("got %v", err)
	}
	y.SetTouch(tokentest.TouchNow)
	if got, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name, Challenge: 1}, p); err != nil || got.Digits != code(t, 1) {
		t.Errorf("afterwards: %q, %v", got.Digits, err)
	}
	if p.Open != 0 {
		t.Errorf("%d notices stand", p.Open)
	}
}

func TestTokenIsFoundByWhatIsAsked(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	one := plug(t, 0, tokentest.YubiKeyOptions{Serial: 1})
	if _, err := put(p, h, t, false); err != nil {
		t.Fatal(err)
	}
	plug(t, 1, tokentest.YubiKeyOptions{Serial: 2, NoOATH: true})
	ask := func(serials ...string) error {
		_, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name, Ref: token.Ref{Serials: serials}}, p)
		return err
	}
	for _, serials := range [][]string{{"1"}, {"9", "1"}, {one.OATHID()}, {strings.ToUpper(one.OATHID())}, nil} {
		if err := ask(serials...); err != nil {
			t.Errorf("%q: %v", serials, err)
		}
	}
	if err := ask("2"); !errors.Is(err, token.ErrUnsupported) {
		t.Errorf("without the applet: %v", err)
	}
	err := ask("8", "9")
	if !errors.Is(err, token.ErrNotPresent) || !strings.Contains(err.Error(), "serial 8 or 9") ||
		!strings.Contains(err.Error(), "(serial 2)") {
		t.Errorf("absent: %v", err)
	}
	plug(t, 2, tokentest.YubiKeyOptions{Serial: 3})
	if err = ask(); !errors.Is(err, token.ErrAmbiguous) || !strings.Contains(err.Error(), "(serial 1), ") ||
		!strings.Contains(err.Error(), "(serial 3)") {
		t.Errorf("two: %v", err)
	}
	if err := ask("3"); !errors.Is(err, token.ErrNoCredential) {
		t.Errorf("empty: %v", err)
	}
}

func TestTokenIsWaitedFor(t *testing.T) {
	h := newHelper(t)
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	if _, err := put(new(persontest.Person), h, t, false); err != nil {
		t.Fatal(err)
	}
	pull(t, 0)
	inserted := make(chan error, 1)
	p := &persontest.Person{OnAwait: func(w token.Waiting) {
		if w.For == token.AwaitInsert {
			go func() { inserted <- house.service.Insert(0, y) }()
		}
	}}
	ref := token.Ref{Serials: []string{serial(y)}, Wait: 20}
	got, err := h.OATHCode(t.Context(), token.OATHCodeParams{Ref: ref, Name: name, Challenge: 7}, p)
	if err != nil || got.Digits != code(t, 7) {
		t.Errorf("got %q, %v", got.Digits, err)
	}
	if err := <-inserted; err != nil {
		t.Error(err)
	}
	want := []token.Waiting{{For: token.AwaitInsert, Serials: ref.Serials}}
	if diff := cmp.Diff(want, p.Waits); diff != "" || p.Open != 0 {
		t.Errorf("%d stand\n%s", p.Open, diff)
	}
	ref = token.Ref{Serials: []string{"404"}, Wait: 1}
	absent := token.OATHCodeParams{Ref: ref, Name: name}
	if _, err := h.OATHCode(t.Context(), absent, new(persontest.Person)); !errors.Is(err, token.ErrNotPresent) {
		t.Errorf("one that never comes: %v", err)
	}
}

func TestPutFillsAllTokensOrNone(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	one, two := plug(t, 0, tokentest.YubiKeyOptions{Serial: 1}), plug(t, 1, tokentest.YubiKeyOptions{Serial: 2})
	if _, err := put(p, h, t, false, "1", "2", "3"); !errors.Is(err, token.ErrNotPresent) || len(one.Credentials()) > 0 {
		t.Errorf("one is absent: %v, wrote %v", err, one.Credentials())
	}
	r, err := put(p, h, t, true, "1", "2")
	if err != nil || len(r.Tokens) != 2 || len(one.Credentials()) != 1 || len(two.Credentials()) != 1 {
		t.Fatalf("got %v, %v", r, err)
	}
	placed, err := h.OATHDelete(t.Context(), token.OATHDeleteParams{Ref: token.Ref{Serials: []string{"3", "2", "1"}}, Name: name}, p)
	if err != nil || len(placed.Tokens) != 2 || len(one.Credentials())+len(two.Credentials()) > 0 {
		t.Errorf("deleting: %v, %v", placed, err)
	}
	again := token.OATHDeleteParams{Ref: token.Ref{Serials: []string{"1"}}, Name: name}
	if _, err := h.OATHDelete(t.Context(), again, p); !errors.Is(err, token.ErrNoCredential) {
		t.Errorf("deleting what is not there: %v", err)
	}
}

// One of two tokens was reset: the other gives the code.
func TestTokenWithoutTheCredentialIsPassedOver(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	plug(t, 0, tokentest.YubiKeyOptions{Serial: 1})
	plug(t, 1, tokentest.YubiKeyOptions{Serial: 2})
	if _, err := put(p, h, t, false, "2"); err != nil {
		t.Fatal(err)
	}
	ref := token.Ref{Serials: []string{"3", "1", "2"}}
	got, err := h.OATHCode(t.Context(), token.OATHCodeParams{Ref: ref, Name: name, Challenge: 5}, p)
	if err != nil || got.Digits != code(t, 5) || got.Token.Serial != "2" {
		t.Errorf("got %+v, %v", got, err)
	}
	ref.Serials = []string{"1"}
	if _, err := h.OATHCode(t.Context(), token.OATHCodeParams{Ref: ref, Name: name}, p); !errors.Is(err, token.ErrNoCredential) {
		t.Errorf("got %v", err)
	}
}

// What a token has is never overwritten, and not taken off when the other token
// fails.
func TestPutLeavesWhatIsThere(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	one, two := plug(t, 0, tokentest.YubiKeyOptions{Serial: 1}), plug(t, 1, tokentest.YubiKeyOptions{Serial: 2})
	if r, err := put(p, h, t, true, "1"); err != nil || r.Found {
		t.Fatalf("got %+v, %v", r, err)
	}
	wanted := token.OATHPutParams{
		Ref: token.Ref{Serials: []string{"2", "1"}}, Name: name, Algorithm: "SHA1", Digits: 6, Key: []byte(seedKey), Touch: true,
	}
	for what, change := range map[string]func(p *token.OATHPutParams){
		"and it is another":         func(p *token.OATHPutParams) { p.Key = []byte("another key of them") },
		"another: rename or delete": func(p *token.OATHPutParams) { p.Algorithm = "SHA256" },
		"another: rename":           func(p *token.OATHPutParams) { p.Digits = 8 },
		"which wants a touch":       func(p *token.OATHPutParams) { p.Touch = false },
	} {
		other, is := wanted, token.ErrExists
		if change(&other); !other.Touch {
			is = token.ErrInvalid
		}
		if _, err := h.OATHPut(t.Context(), other, p); !errors.Is(err, is) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: got %v", what, err)
		}
		if len(two.Credentials()) > 0 {
			t.Fatalf("%s: the other token has %v", what, two.Credentials())
		}
	}
	two.Fault(func(_ int, apdu []byte) ([]byte, tokentest.Action) {
		if len(apdu) > 1 && apdu[1] == 1 { // PUT
			return []byte{0x6a, 0x84}, tokentest.Answer
		}
		return nil, tokentest.Proceed
	})
	wanted.Ref.Serials = []string{"1", "2"}
	if _, err := h.OATHPut(t.Context(), wanted, p); !errors.Is(err, token.ErrFull) || len(one.Credentials()) != 1 {
		t.Errorf("got %v, and token 1 has %v", err, one.Credentials())
	}
	two.Fault(nil)
	before := one.Touches()
	r, err := h.OATHPut(t.Context(), wanted, p)
	if err != nil || !r.Found || len(r.Tokens) != 2 || len(two.Credentials()) != 1 || one.Touches() != before+1 {
		t.Errorf("got %+v, %v; %d touches", r, err, one.Touches()-before)
	}
}

// An odd CALCULATE on the second token makes the put fail on both.
func TestPutThatIsNotProvenIsUndone(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	one, two := plug(t, 0, tokentest.YubiKeyOptions{Serial: 1}), plug(t, 1, tokentest.YubiKeyOptions{Serial: 2})
	two.Fault(func(_ int, apdu []byte) ([]byte, tokentest.Action) {
		if len(apdu) > 1 && apdu[1] == 0xa2 {
			answer := append([]byte{0x75, 21, 6}, make([]byte, 20)...)
			return binary.BigEndian.AppendUint16(answer, 0x9000), tokentest.Answer
		}
		return nil, tokentest.Proceed
	})
	_, err := put(p, h, t, false, "1", "2")
	if !errors.Is(err, token.ErrUnsupported) || !strings.Contains(err.Error(), "serial 2") {
		t.Errorf("got %v", err)
	}
	if len(one.Credentials())+len(two.Credentials()) > 0 {
		t.Errorf("left are %v and %v", one.Credentials(), two.Credentials())
	}
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	for _, params := range []token.OATHPutParams{
		{Name: "", Algorithm: "SHA1", Digits: 6, Key: []byte("k")},
		{Name: strings.Repeat("x", 65), Algorithm: "SHA1", Digits: 6, Key: []byte("k")},
		{Name: "x", Algorithm: "MD5", Digits: 6, Key: []byte("k")},
		{Name: "x", Algorithm: "SHA1", Digits: 9, Key: []byte("k")},
		{Name: "x", Algorithm: "SHA1", Digits: 6},
	} {
		if _, err := h.OATHPut(t.Context(), params, p); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := h.Unwrap(t.Context(), token.UnwrapParams{Identity: "AGE-SECRET-KEY-1"}, p); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
