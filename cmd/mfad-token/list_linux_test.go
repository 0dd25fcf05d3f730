//go:build cgo

package main

import (
	"bufio"
	"errors"
	"slices"
	"strings"
	"testing"

	pivgo "github.com/go-piv/piv-go/v2/piv"
	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

// plugKey plugs a FIDO2 key in, and returns the variable that makes it known.
func plugKey(t testing.TB, o ctap.Options) (*ctap.Key, string) {
	t.Helper()
	k, err := ctap.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k, devicesVariable + "=" + k.Path()
}

func TestListTellsWhatIsPluggedIn(t *testing.T) {
	key, known := plugKey(t, ctap.Options{PIN: "1234"})
	h, p := newHelper(t, known), new(persontest.Person)
	y := plug(t, 0, tokentest.YubiKeyOptions{Serial: 7})
	plug(t, 2, tokentest.YubiKeyOptions{Serial: 8, NoPIV: true, NoOATH: true})
	if _, err := put(p, h, t, true); err != nil {
		t.Fatal(err)
	}
	if _, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindPIV, Token: "7"}, new(persontest.Person)); err != nil {
		t.Fatal(err)
	}
	r, err := h.List(t.Context(), token.ListParams{})
	if err != nil || len(r.Tokens) != 3 || len(r.Faults) > 0 {
		t.Fatalf("%d tokens, %q, %v", len(r.Tokens), r.Faults, err)
	}
	full, bare, fido := r.Tokens[0], r.Tokens[1], r.Tokens[2]
	if full.Serial != "7" || full.Fault != "" || full.PIV == nil || full.PIV.Retries != 3 || len(full.PIV.Keys) != 1 ||
		full.PIV.Keys[0].Slot != "82" {
		t.Errorf("PIV: %+v of %+v", full.PIV, full)
	}
	if full.OATH == nil || full.OATH.ID != y.OATHID() || len(full.OATH.Credentials) != 1 || !full.OATH.Credentials[0].Touch {
		t.Errorf("OATH: %+v", full.OATH)
	}
	if bare.Serial != "8" || bare.PIV != nil || bare.OATH != nil || bare.Fault != "" {
		t.Errorf("without applets: %+v", bare)
	}
	if fido.Place != key.Path() || fido.FIDO2 == nil || !fido.FIDO2.PINSet || fido.FIDO2.Retries != 8 {
		t.Errorf("FIDO2: %+v", fido)
	}
}

// A brief list is what unlocking waits for: it tells what is there, and leaves
// what is on it alone.
func TestBriefListLooksIntoNothing(t *testing.T) {
	key, known := plugKey(t, ctap.Options{PIN: "1234"})
	h := newHelper(t, known)
	y := plug(t, 0, tokentest.YubiKeyOptions{Serial: 7})
	plug(t, 2, tokentest.YubiKeyOptions{Serial: 8, NoPIV: true, NoOATH: true})
	if _, err := put(new(persontest.Person), h, t, false, "7"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindPIV, Token: "7"}, new(persontest.Person)); err != nil {
		t.Fatal(err)
	}
	y.ClearJournal()
	got, err := h.List(t.Context(), token.ListParams{Brief: true})
	if err != nil {
		t.Fatal(err)
	}
	want := token.Listing{Tokens: []token.Token{
		{
			Serial: "7", Model: "YubiKey 5 NFC", Version: "5.4.3", Place: house.service.Reader(0),
			PIV: &token.PIV{Retries: token.Unknown}, OATH: &token.OATH{ID: y.OATHID()},
		},
		{Serial: "8", Model: "YubiKey 5 NFC", Version: "5.4.3", Place: house.service.Reader(2)},
		{
			Model: "FIDO2 key", Place: key.Path(),
			FIDO2: &token.FIDO2{AAGUID: "00000000-0000-0000-0000-000000000000", HMACSecret: true, PINSet: true, Retries: token.Unknown},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// VERIFY, OATH LIST, GET DATA, GET METADATA and ATTEST.
	for _, e := range y.Journal() {
		if slices.Contains([]byte{0x20, 0xa1, 0xcb, 0xf7, 0xf9}, e.Command[1]) {
			t.Errorf("it was asked %v", e)
		}
	}
}

// The agent takes a program for hung that says nothing for ten seconds, and a
// token with all its slots full takes longer to read.
func TestListGivesASignOfLifeAfterEachTokenAndKey(t *testing.T) {
	h := newHelper(t)
	plug(t, 0, tokentest.YubiKeyOptions{})
	newPIVKey(t, h)
	newPIVKey(t, h)
	plug(t, 1, tokentest.YubiKeyOptions{Serial: 8, NoPIV: true})
	for params, want := range map[string]int{`{}`: 2 + 2, `{"brief":true}`: 2} {
		if got := signs(t, params); got != want {
			t.Errorf("%s: %d signs of life, want %d", params, got, want)
		}
	}
}

// signs is how often a list says that it awaits nothing before it answers.
func signs(t *testing.T, params string) (n int) {
	t.Helper()
	const sign = `"method":"await","params":{"for":"",`
	hears(t, `{"jsonrpc":"2.0","id":1,"method":"list","params":`+params+`}`, func(out *bufio.Reader) {
		lines := bufio.NewScanner(out)
		for lines.Scan() && !strings.Contains(lines.Text(), `"result"`) {
			if !strings.Contains(lines.Text(), sign) {
				t.Errorf("it said %s", lines.Text())
			}
			n++
		}
	})
	return n
}

func TestListLooksIntoProtectedAppletsThatItKnows(t *testing.T) {
	h := newHelper(t)
	plug(t, 0, tokentest.YubiKeyOptions{})
	if _, err := put(new(persontest.Person), h, t, false); err != nil {
		t.Fatal(err)
	}
	set := protect(t, h, new(persontest.Person), "open", nil)
	for _, known := range []map[string][]byte{nil, {set.ID: make([]byte, 16)}, {set.ID: set.Key}} {
		r, err := h.List(t.Context(), token.ListParams{Access: known})
		if err != nil || len(r.Tokens) != 1 {
			t.Fatalf("%v, %v", r, err)
		}
		opens := string(known[set.ID]) == string(set.Key)
		if o := r.Tokens[0].OATH; !o.Protected || o.Locked == opens || (len(o.Credentials) == 1) != opens || r.Tokens[0].Fault != "" {
			t.Errorf("it is %+v", o)
		}
	}
}

// gpg's scdaemon holds a token for as long as it likes; so does piv-go.
func TestTokenThatIsInUseIsNamed(t *testing.T) {
	h := newHelper(t)
	plug(t, 0, tokentest.YubiKeyOptions{})
	holder, err := pivgo.Open(house.service.Reader(0))
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.List(t.Context(), token.ListParams{})
	if err != nil || len(r.Tokens) != 1 || !strings.Contains(r.Tokens[0].Fault, token.ErrBusy.Error()) {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := put(new(persontest.Person), h, t, false); !errors.Is(err, token.ErrBusy) {
		t.Errorf("a put: %v", err)
	}
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := put(new(persontest.Person), h, t, false); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestWithoutPcscdTheAnswersSaySo(t *testing.T) {
	_, known := plugKey(t, ctap.Options{})
	h := &token.Helper{Program: house.program, Env: []string{"HOME=" + t.TempDir(), "PCSCLITE_CSOCK_NAME=/nonexistent/socket", known}}
	r, err := h.List(t.Context(), token.ListParams{})
	if err != nil || len(r.Tokens) != 1 || len(r.Faults) != 1 || !strings.Contains(r.Faults[0], "pcscd") {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name}, new(persontest.Person)); !errors.Is(err, token.ErrNoService) ||
		!strings.Contains(err.Error(), "apt install pcscd") {
		t.Errorf("a code: %v", err)
	}
}
