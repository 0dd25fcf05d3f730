package oath_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/tokentest"
)

// filled is the applet of a token with these quirks and three credentials.
func filled(t *testing.T, q tokentest.Quirks) *oath.Applet {
	t.Helper()
	a := selectOn(t, newKey(tokentest.YubiKeyOptions{Quirks: q}))
	put(t, a, totp("one"), seed(20))
	touch := totp("touch")
	touch.Touch = true
	put(t, a, touch, seed(20))
	put(t, a, oath.Credential{Name: "counted", Type: "hotp", Algorithm: "SHA1", Digits: 6}, seed(20))
	return a
}

func TestListShowsWhatTheAppletTells(t *testing.T) {
	listed := func(touch bool, algorithm string) []token.OATHCredential {
		return []token.OATHCredential{
			{Name: "one", Type: "totp", Algorithm: algorithm},
			{Name: "touch", Type: "totp", Algorithm: algorithm, Touch: touch},
			{Name: "counted", Type: "hotp", Algorithm: algorithm},
		}
	}
	for name, test := range map[string]struct {
		quirks     tokentest.Quirks
		want       []token.OATHCredential
		tellsTouch bool
	}{
		"a YubiKey":        {tokentest.Quirks{}, listed(true, "SHA1"), true},
		"no calculate all": {tokentest.Quirks{NoCalculateAll: true}, listed(false, "SHA1"), false},
		"no list":          {tokentest.Quirks{NoList: true}, listed(true, ""), true},
		"foreign records":  {tokentest.Quirks{ForeignRecords: true}, listed(true, "SHA1"), true},
	} {
		t.Run(name, func(t *testing.T) {
			a := filled(t, test.quirks)
			got, err := a.List()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			found, err := a.Find("touch")
			if err != nil || found.TellsTouch != test.tellsTouch || found.Touch != test.tellsTouch {
				t.Errorf("found %+v, %v", found, err)
			}
			_, err = a.Find("none")
			wantError(t, err, token.ErrNoCredential)
		})
	}
}

// What cannot be listed is not said to be absent, and a code needs no list.
func TestAppletThatListsNothingComputesCodes(t *testing.T) {
	a := filled(t, tokentest.Quirks{NoList: true, NoCalculateAll: true})
	_, err := a.List()
	wantError(t, err, token.ErrUnsupported)
	if _, err = a.Find("one"); err == nil || errors.Is(err, token.ErrNoCredential) {
		t.Errorf("got %v", err)
	}
	if counts, err := a.Counts("counted"); counts || err != nil {
		t.Errorf("it counts: %t, %v", counts, err)
	}
	if code, err := a.Code("one", step(1)); code != "287082" || err != nil { // RFC 4226, appendix D
		t.Errorf("got %q, %v", code, err)
	}
}

func TestAppletThatListsTellsWhatCounts(t *testing.T) {
	a := filled(t, tokentest.Quirks{ForeignRecords: true})
	for name, want := range map[string]bool{"counted": true, "one": false, "none": false} {
		if counts, err := a.Counts(name); counts != want || err != nil {
			t.Errorf("%s counts: %t, %v", name, counts, err)
		}
	}
}

func TestAppletOfCodesAloneSaysSo(t *testing.T) {
	a := filled(t, tokentest.Quirks{NoFullResponse: true})
	_, _, err := a.Full("one", step(1))
	wantError(t, err, oath.ErrCodesAlone)
	wantError(t, err, token.ErrUnsupported)
	if bits, digits, err := a.Short("one", step(1)); bits%1_000_000 != 287082 || digits != 6 || err != nil {
		t.Errorf("got %d of %d digits, %v", bits, digits, err)
	}
	_, _, err = a.Short("none", step(1))
	wantError(t, err, token.ErrNoCredential)
}

func TestAppletWithAPINSaysSo(t *testing.T) {
	_, err := oath.Select(newKey(tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{OATHPIN: true}}))
	wantError(t, err, oath.ErrNoID)
}
