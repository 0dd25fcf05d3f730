package oath_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/tokentest"
)

// newKey is a virtual token without a reader in between.
func newKey(o tokentest.YubiKeyOptions) tokentest.Direct {
	return tokentest.Direct{YubiKey: tokentest.NewYubiKey(o), Gone: token.ErrRemoved}
}

func selectOn(t *testing.T, c oath.Card) *oath.Applet {
	t.Helper()
	a, err := oath.Select(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func put(t *testing.T, a *oath.Applet, c oath.Credential, key []byte) {
	t.Helper()
	if err := a.Put(c, key); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}

func step(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

var hashes = map[string]func() hash.Hash{"SHA1": sha1.New, "SHA256": sha256.New, "SHA512": sha512.New}

// seed is that of the test vectors of RFC 6238 and 4226.
func seed(n int) []byte { return []byte(strings.Repeat("1234567890", 7)[:n]) }

func totp(name string) oath.Credential {
	return oath.Credential{Name: name, Type: "totp", Algorithm: "SHA1", Digits: 6}
}

func TestCodesAreThoseOfRFC6238(t *testing.T) {
	a := selectOn(t, newKey(tokentest.YubiKeyOptions{}))
	for alg, n := range map[string]int{"SHA1": 20, "SHA256": 32, "SHA512": 64} {
		put(t, a, oath.Credential{Name: alg, Type: "totp", Algorithm: alg, Digits: 8}, seed(n))
	}
	for _, tt := range []struct {
		time                 uint64
		sha1, sha256, sha512 string
	}{
		{59, "94287082", "46119246", "90693936"},
		{1111111109, "07081804", "68084774", "25091201"},
		{1111111111, "14050471", "67062674", "99943326"},
		{1234567890, "89005924", "91819424", "93441116"},
		{2000000000, "69279037", "90698825", "38618901"},
		{20000000000, "65353130", "77737706", "47863826"},
	} {
		for alg, want := range map[string]string{"SHA1": tt.sha1, "SHA256": tt.sha256, "SHA512": tt.sha512} {
			got, err := a.Code(alg, step(tt.time/30))
			if err != nil || got != want {
				t.Errorf("%s at %d is %s, %v, want %s", alg, tt.time, got, err, want)
			}
		}
	}
}

func TestCodesAreThoseOfRFC4226(t *testing.T) {
	a := selectOn(t, newKey(tokentest.YubiKeyOptions{}))
	hotp := oath.Credential{Name: "hotp", Type: "hotp", Algorithm: "SHA1", Digits: 6}
	put(t, a, hotp, seed(20))
	want := []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"}
	for n, code := range want {
		if got, err := a.Code("hotp", nil); err != nil || got != code {
			t.Errorf("code %d is %s, %v, want %s", n, got, err, code)
		}
	}
	hotp.Counter = 8
	put(t, a, hotp, seed(20))
	if got, err := a.Code("hotp", nil); err != nil || got != want[8] {
		t.Errorf("from counter 8 the first code is %s, %v, want %s", got, err, want[8])
	}
}

func TestFullIsTheHMACForKeysOfAllLengths(t *testing.T) {
	a := selectOn(t, newKey(tokentest.YubiKeyOptions{}))
	day := []byte("20261121")
	for alg, h := range hashes {
		for _, n := range []int{1, 13, 14, 44, 63, 64, 65, 127, 128, 129, 200} {
			name := fmt.Sprintf("%s-%d", alg, n)
			key := bytes.Repeat([]byte{byte(n)}, n)
			put(t, a, oath.Credential{Name: name, Type: "totp", Algorithm: alg, Digits: 6}, key)
			mac := hmac.New(h, key)
			mac.Write(day)
			got, _, err := a.Full(name, day)
			if err != nil || !bytes.Equal(got, mac.Sum(nil)) {
				t.Errorf("%s: %x, %v, want %x", name, got, err, mac.Sum(nil))
			}
			if err := a.Delete(name); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestListTellsTypeAlgorithmAndTouch(t *testing.T) {
	a := selectOn(t, newKey(tokentest.YubiKeyOptions{}))
	if held, err := a.List(); err != nil || len(held) != 0 {
		t.Fatalf("an empty applet holds %v, %v", held, err)
	}
	put(t, a, totp("plain"), seed(20))
	put(t, a, oath.Credential{Name: "touch", Type: "totp", Algorithm: "SHA256", Digits: 7, Touch: true}, seed(32))
	put(t, a, oath.Credential{Name: "hotp", Type: "hotp", Algorithm: "SHA512", Digits: 8}, seed(64))
	want := []token.OATHCredential{
		{Name: "plain", Type: "totp", Algorithm: "SHA1"},
		{Name: "touch", Type: "totp", Algorithm: "SHA256", Touch: true},
		{Name: "hotp", Type: "hotp", Algorithm: "SHA512"},
	}
	got, err := a.List()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	all, err := a.All(step(1))
	if err != nil {
		t.Fatal(err)
	}
	codes := []oath.Result{{Name: "plain", Digits: "287082"}, {Name: "touch", Touch: true}, {Name: "hotp", HOTP: true}}
	if diff := cmp.Diff(codes, all); diff != "" {
		t.Error(diff)
	}
}

// A full token answers in many parts.
func TestFullTokenIsListedWhole(t *testing.T) {
	a := selectOn(t, newKey(tokentest.YubiKeyOptions{}))
	var names []string
	for n := 0; ; n++ {
		name := fmt.Sprintf("%064d", n)
		err := a.Put(totp(name), seed(20))
		if err != nil {
			wantError(t, err, token.ErrFull)
			break
		}
		names = append(names, name)
	}
	held, err := a.List()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range held {
		got = append(got, c.Name)
	}
	if diff := cmp.Diff(names, got); diff != "" || len(names) < 32 {
		t.Error(diff)
	}
}

func TestRenameAndDelete(t *testing.T) {
	a := selectOn(t, newKey(tokentest.YubiKeyOptions{}))
	put(t, a, totp("one"), seed(20))
	put(t, a, totp("two"), seed(20))
	wantError(t, a.Rename("one", "two"), token.ErrExists)
	wantError(t, a.Rename("none", "three"), token.ErrNoCredential)
	wantError(t, a.Rename("one", ""), token.ErrInvalid)
	if err := a.Rename("one", "three"); err != nil {
		t.Fatal(err)
	}
	if code, err := a.Code("three", step(1)); err != nil || code != "287082" {
		t.Errorf("the code is %s, %v", code, err)
	}
	if err := a.Delete("two"); err != nil {
		t.Fatal(err)
	}
	wantError(t, a.Delete("two"), token.ErrNoCredential)
	_, err := a.Code("one", step(1))
	wantError(t, err, token.ErrNoCredential)
	_, _, err = a.Full("one", step(1))
	wantError(t, err, token.ErrNoCredential)
}

func TestOldTokensRefuseWhatTheyDoNotHeed(t *testing.T) {
	a := selectOn(t, newKey(tokentest.YubiKeyOptions{Version: "4.2.4"}))
	wantError(t, a.Rename("a", "b"), token.ErrUnsupported)
	wantError(t, a.Put(oath.Credential{Name: "a", Type: "totp", Algorithm: "SHA1", Digits: 6, Touch: true}, seed(20)), token.ErrUnsupported)
	wantError(t, a.Put(oath.Credential{Name: "a", Type: "totp", Algorithm: "SHA512", Digits: 6}, seed(20)), token.ErrUnsupported)
	put(t, a, totp("a"), seed(20))
}

func TestPutRefusesWhatCannotBe(t *testing.T) {
	card := newKey(tokentest.YubiKeyOptions{})
	a := selectOn(t, card)
	card.ClearJournal()
	for name, c := range map[string]oath.Credential{
		"no name":   {Name: "", Type: "totp", Algorithm: "SHA1", Digits: 6},
		"long name": {Name: strings.Repeat("n", 65), Type: "totp", Algorithm: "SHA1", Digits: 6},
		"type":      {Name: "n", Type: "TOTP", Algorithm: "SHA1", Digits: 6},
		"algorithm": {Name: "n", Type: "totp", Algorithm: "MD5", Digits: 6},
		"digits":    {Name: "n", Type: "totp", Algorithm: "SHA1", Digits: 9},
		"counter":   {Name: "n", Type: "totp", Algorithm: "SHA1", Digits: 6, Counter: 1},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, a.Put(c, seed(20)), token.ErrInvalid) })
	}
	wantError(t, a.Put(totp("n"), nil), token.ErrInvalid)
	if said := card.Journal(); len(said) != 0 {
		t.Errorf("the token was asked: %v", said)
	}
}

func TestRefusedOverwriteIsExists(t *testing.T) {
	a := selectOn(t, newKey(tokentest.YubiKeyOptions{RefuseOverwrite: true}))
	put(t, a, totp("one"), seed(20))
	wantError(t, a.Put(totp("one"), seed(20)), token.ErrExists)
}

func TestTouchThatDoesNotComeIsErrTouch(t *testing.T) {
	card := newKey(tokentest.YubiKeyOptions{TouchLimit: time.Millisecond})
	a := selectOn(t, card)
	put(t, a, oath.Credential{Name: "t", Type: "totp", Algorithm: "SHA1", Digits: 6, Touch: true}, seed(20))
	if code, err := a.Code("t", step(1)); err != nil || code != "287082" || card.Touches() != 1 {
		t.Errorf("with a touch the code is %s, %v", code, err)
	}
	card.SetTouch(tokentest.TouchNever)
	_, err := a.Code("t", step(1))
	wantError(t, err, token.ErrTouch)
	_, _, err = a.Full("t", step(1))
	wantError(t, err, token.ErrTouch)
}

func TestSelectOfAnotherCardIsUnsupported(t *testing.T) {
	_, err := oath.Select(newKey(tokentest.YubiKeyOptions{NoOATH: true}))
	wantError(t, err, token.ErrUnsupported)
}

func TestAccessCodeLocksTheApplet(t *testing.T) {
	card := newKey(tokentest.YubiKeyOptions{})
	a := selectOn(t, card)
	put(t, a, totp("one"), seed(20))
	if a.ID != card.OATHID() || a.Version != "5.4.3" || a.Protected || a.Locked() {
		t.Errorf("the applet is %q, %s, protected %v", a.ID, a.Version, a.Protected)
	}
	key := a.Key([]byte("opensesame"))
	if err := a.SetKey(key); err != nil || !a.Protected {
		t.Fatal(err)
	}
	if _, err := a.List(); err != nil {
		t.Errorf("who set the code is not locked out: %v", err)
	}

	a = selectOn(t, card)
	if !a.Protected || !a.Locked() {
		t.Fatal("the applet is not protected")
	}
	for name, f := range map[string]func() error{
		"list":   func() error { _, err := a.List(); return err },
		"code":   func() error { _, err := a.Code("one", step(1)); return err },
		"full":   func() error { _, _, err := a.Full("one", step(1)); return err },
		"all":    func() error { _, err := a.All(step(1)); return err },
		"put":    func() error { return a.Put(totp("two"), seed(20)) },
		"delete": func() error { return a.Delete("one") },
		"rename": func() error { return a.Rename("one", "two") },
		"set":    func() error { return a.SetKey(nil) },
		"wrong":  func() error { return a.Unlock(a.Key([]byte("wrong"))) },
		"none":   func() error { return a.Unlock(nil) },
	} {
		t.Run(name, func(t *testing.T) { wantError(t, f(), token.ErrAccessCode) })
	}
	if err := a.Unlock(key); err != nil || a.Locked() {
		t.Fatal(err)
	}
	if err := a.SetKey(nil); err != nil || a.Protected {
		t.Fatal(err)
	}
	if a = selectOn(t, card); a.Protected {
		t.Error("the access code was not removed")
	}
	if err := a.Unlock(key); err != nil {
		t.Errorf("an open applet needs no key: %v", err)
	}
	wantError(t, a.SetKey(key[:15]), token.ErrInvalid)
}

func TestKeyIsPBKDF2OverTheID(t *testing.T) {
	a := selectOn(t, script{"\x00\xA4": []byte("\x79\x03\x05\x04\x03\x71\x08saltsalt\x90\x00")})
	want, err := pbkdf2.Key(sha1.New, "code", []byte("saltsalt"), 1000, 16)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Key([]byte("code")); !bytes.Equal(got, want) {
		t.Errorf("the key is %x, want %x", got, want)
	}
}
