//go:build cgo

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
)

// lacking are the ways in which OATH applets of other makers differ, of which
// none keeps a code from being computed.
var lacking = map[string]tokentest.Quirks{
	"no calculate all":  {NoCalculateAll: true},
	"no list":           {NoList: true},
	"no whole response": {NoFullResponse: true},
	"foreign records":   {ForeignRecords: true},
	"no serial":         {NoSerial: true},
	"all of it":         {NoCalculateAll: true, NoFullResponse: true, ForeignRecords: true, NoSerial: true},
}

func TestAnyYKOATHAppletKeepsASeed(t *testing.T) {
	for which, quirks := range lacking {
		t.Run(which, func(t *testing.T) {
			h, p := newHelper(t), new(persontest.Person)
			y := plug(t, 0, tokentest.YubiKeyOptions{Quirks: quirks})
			for range 2 { // the second time it is there already
				if _, err := put(p, h, t, false); err != nil {
					t.Fatal(err)
				}
			}
			ref := token.Ref{Serials: []string{y.OATHID()}}
			got, err := h.OATHCode(t.Context(), token.OATHCodeParams{Ref: ref, Name: name, Challenge: 1}, p)
			if err != nil || got.Digits != code(t, 1) {
				t.Errorf("got %q, %v", got.Digits, err)
			}
			if _, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: "none"}, p); !errors.Is(err, token.ErrNoCredential) {
				t.Errorf("of what is not there: %v", err)
			}
			if _, err := h.OATHDelete(t.Context(), token.OATHDeleteParams{Name: name}, p); err != nil || len(y.Credentials()) > 0 {
				t.Errorf("deleted: %v, %v", y.Credentials(), err)
			}
		})
	}
}

func TestSigningKeyNeedsTheWholeResponse(t *testing.T) {
	for which, quirks := range lacking {
		t.Run(which, func(t *testing.T) {
			h, p := newHelper(t), new(persontest.Person)
			y := plug(t, 0, tokentest.YubiKeyOptions{Quirks: quirks})
			params := token.OATHPutParams{Name: "key", Algorithm: "SHA256", Digits: 6, Key: []byte(secret), Signs: true}
			_, err := h.OATHPut(t.Context(), params, p)
			if quirks.NoFullResponse {
				if !errors.Is(err, token.ErrUnsupported) || !strings.Contains(err.Error(), "cannot sign") || len(y.Credentials()) > 0 {
					t.Errorf("got %v; it holds %d credentials", err, len(y.Credentials()))
				}
				params.Signs = false
				if _, err := h.OATHPut(t.Context(), params, p); err != nil {
					t.Fatal(err)
				}
				_, err = h.OATHDay(t.Context(), token.OATHDayParams{Name: "key", Day: "20261121"}, p)
				if !errors.Is(err, token.ErrUnsupported) || !strings.Contains(err.Error(), "cannot sign") {
					t.Errorf("a day's key: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := h.OATHDay(t.Context(), token.OATHDayParams{Name: "key", Day: "20261121"}, p)
			here := hmac.New(sha256.New, []byte(secret))
			here.Write([]byte("20261121"))
			if err != nil || !hmac.Equal(got.Key, here.Sum(nil)) {
				t.Errorf("another key than the host's, %v", err)
			}
		})
	}
}

// A token that cannot tell whether a credential wants a touch is not believed to.
func TestTouchThatNobodyTellsOfIsNotPromised(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	plug(t, 0, tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{NoCalculateAll: true}})
	if _, err := put(p, h, t, false); err != nil {
		t.Fatal(err)
	}
	if _, err := put(p, h, t, true); !errors.Is(err, token.ErrInvalid) || !strings.Contains(err.Error(), "does not tell") {
		t.Errorf("got %v", err)
	}
}

func TestAppletWithAPINIsNamedAsSuch(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	y := plug(t, 0, tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{OATHPIN: true}})
	for _, serials := range [][]string{nil, {serial(y)}} {
		_, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name, Ref: token.Ref{Serials: serials, Wait: 20}}, p)
		if !errors.Is(err, token.ErrUnsupported) || !strings.Contains(err.Error(), "a PIN is set on the OATH applet") {
			t.Errorf("%q: %v", serials, err)
		}
	}
	r, err := h.List(t.Context(), token.ListParams{})
	if err != nil || len(r.Tokens) != 1 || r.Tokens[0].OATH != nil || !strings.Contains(r.Tokens[0].Fault, "a PIN is set") {
		t.Errorf("listed: %+v, %v", r, err)
	}
	if r.Tokens[0].PIV == nil {
		t.Error("its PIV applet is not seen")
	}
}

func TestListingThatFailsSaysNothingOfCredentials(t *testing.T) {
	h := newHelper(t)
	plug(t, 0, tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{NoList: true, NoCalculateAll: true}})
	r, err := h.List(t.Context(), token.ListParams{})
	if err != nil || len(r.Tokens) != 1 || r.Tokens[0].OATH == nil || !r.Tokens[0].OATH.Unlisted || r.Tokens[0].Fault == "" {
		t.Errorf("listed: %+v, %v", r, err)
	}
}

func TestTouchThatDoesNotComeLeavesNothingBehind(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	y := plug(t, 0, tokentest.YubiKeyOptions{TouchLimit: 100 * time.Millisecond})
	y.SetTouch(tokentest.TouchNever)
	if _, err := put(p, h, t, true); !errors.Is(err, token.ErrTouch) {
		t.Errorf("got %v", err)
	}
	if left := y.Credentials(); len(left) > 0 || y.Waits() != 1 {
		t.Errorf("it waited %d times, and holds %v", y.Waits(), left)
	}
}

// A token that never gives up on a touch is told from a program that hung.
func TestTokenThatWaitsWithoutEndIsLeftAlone(t *testing.T) {
	y := plug(t, 0, tokentest.YubiKeyOptions{TouchLimit: time.Hour})
	p := new(persontest.Person)
	if _, err := put(p, newHelper(t), t, true); err != nil {
		t.Fatal(err)
	}
	y.SetTouch(tokentest.TouchNever)
	usual := touchLimit
	touchLimit = 100 * time.Millisecond
	gone := make(chan struct{})
	computing := func(o operation, ctx context.Context, p token.OATHCodeParams) (token.OATHCode, error) {
		defer close(gone)
		return o.oathCode(ctx, p)
	}
	_, err := operated(computing)(t.Context(), token.OATHCodeParams{Name: name, Touch: true}, p)
	if !errors.Is(err, token.ErrTouch) || !strings.Contains(err.Error(), "pull it out") {
		t.Errorf("got %v", err)
	}
	y.SetTouch(tokentest.TouchNow)
	<-gone
	touchLimit = usual
}
