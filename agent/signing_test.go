package agent

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/tokenrack"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/sigv4"
	"github.com/mfad/mfad/internal/durable/faultfs"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// signedByToken is ready, with the secret access key on a token.
func signedByToken(t testing.TB, touch bool) (*bench, *cloud, *tokenrack.Rack) {
	t.Helper()
	b, c := ready(t)
	r := b.withTokens(t, "12345678")
	b.must(t, knows(""), wire.MethodKeyMove, wire.MoveParams{Name: "base", Touch: touch}, nil)
	return b, c, r
}

func TestOneTouchADaySignsForAllWhoAsk(t *testing.T) {
	b, c, r := signedByToken(t, true)
	b.write(t, profileText("prod", c.role(t, "prod"), c)+profileText("other", c.role(t, "other"), c))
	touches := r.Tokens[0].Touches
	people := []*person{knows(""), knows("")}
	var boarded, all sync.WaitGroup
	boarded.Add(1)
	r.Touched = sync.OnceFunc(boarded.Wait)
	const callers = 20
	for i := range callers {
		all.Go(func() {
			profile := []string{"prod", "other"}[i%2]
			if err := b.call(t, people[i%2], wire.MethodCredentials, wire.CredentialsParams{Profile: profile}, nil); err != nil {
				t.Errorf("%s: %v", profile, err)
			}
		})
	}
	boarded.Done()
	all.Wait()
	if got := r.Tokens[0].Touches - touches; got != 1 {
		t.Errorf("%d touches for %d callers, want 1", got, callers)
	}
	c.granted(t, 1, 2)
	told := slices.Concat(people[0].notices, people[1].notices)
	if want := "touch YubiKey 5 NFC (serial 12345678) to sign with access key base today"; !slices.Contains(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	b.must(t, nobody, wire.MethodSessionForget, wire.SessionForgetParams{All: true}, nil)
	b.clock.advance(31 * time.Second)
	if b.clock.now().UTC().Day() == time.Now().UTC().Day() {
		b.must(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
		if got := r.Tokens[0].Touches - touches; got != 1 {
			t.Errorf("%d touches in a day", got)
		}
	}
}

func TestNextDayTakesAnotherTouch(t *testing.T) {
	b, c, r := signedByToken(t, true)
	b.must(t, nobody, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: -1}, nil)
	touches := r.Tokens[0].Touches
	for day := range 2 {
		b.must(t, knows(""), wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
		if got := r.Tokens[0].Touches - touches; got != day+1 {
			t.Errorf("%d touches in %d days", got, day+1)
		}
		b.clock.advance(24 * time.Hour)
		b.must(t, nobody, wire.MethodSessionForget, wire.SessionForgetParams{All: true}, nil)
	}
	c.granted(t, 2, 2)
}

func TestLockForgetsTheKeyOfTheDay(t *testing.T) {
	b, _, r := signedByToken(t, false)
	b.must(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	id := keptName(b.keyID(t), b.clock.now().UTC().Format(sigv4.DayLayout))
	kept := b.access.Opened().Kept(id)
	if len(kept) != 32 {
		t.Fatalf("the vault keeps %d bytes", len(kept))
	}
	b.must(t, nobody, wire.MethodVaultLock, nil, nil)
	b.must(t, nobody, wire.MethodVaultUnlock, nil, nil)
	if b.access.Opened().Kept(id) != nil {
		t.Error("the vault keeps the key over a lock")
	}
	b.clock.advance(31 * time.Second)
	b.must(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	if n := r.Count(token.MethodOATHDay); n != 2 {
		t.Errorf("the token was asked %d times, want 2", n)
	}
}

// keptName is the name under which the vault keeps the signing key of a day.
func keptName(keyID, day string) string { return "day " + keyID + " " + day }

func (b *bench) keyID(t testing.TB) string {
	t.Helper()
	id, err := b.keys.KeyID(t.Context(), "base")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A vault that is unlocked for each use keeps nothing; a request still takes
// one touch.
func TestUnlockForEachUseTakesATouchForEachRequest(t *testing.T) {
	b, c, r := signedByToken(t, true)
	b.must(t, nobody, wire.MethodVaultHold, wire.VaultHoldParams{}, nil)
	touches := r.Tokens[0].Touches
	b.must(t, knows(""), wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	if got := r.Tokens[0].Touches - touches; got != 1 {
		t.Errorf("%d touches, want 1", got)
	}
	c.granted(t, 1, 1)
}

func TestTokenThatDoesNotSignCostsNoCode(t *testing.T) {
	b, c, r := signedByToken(t, true)
	for want, err := range map[errcode.Code]error{
		errcode.NoTouch: token.ErrTouch, errcode.NoToken: token.ErrNotPresent, errcode.TokenRemoved: token.ErrRemoved,
		errcode.TokenFailed: token.ErrHelper, errcode.TokenProgram: token.ErrNoHelper, errcode.NotOnToken: token.ErrNoCredential,
	} {
		r.Calls = nil
		r.Fault = func(string) error { return err }
		b.refused(t, knows(""), want, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"})
		if n := len(r.Calls); n != 1 {
			t.Errorf("%v: the token was asked %d times", err, n)
		}
	}
	if n := len(c.Journal()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	r.Fault = nil
	b.must(t, knows(""), wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
}

// A profile without MFA signs with the key directly.
func TestKeyWithoutMFASignsByTheToken(t *testing.T) {
	b, c, _ := signedByToken(t, false)
	b.write(t, c.section("plain", "mfad_access_key = base", "duration_seconds = 900")+
		c.section("role", "mfad_access_key = base", "role_arn = "+c.openRole(t, "open")))
	b.get(t, "role", "")
	c.granted(t, 0, 1)
}

func TestMovedKeyIsAsBefore(t *testing.T) {
	b, c, r := signedByToken(t, true)
	var keys []wire.Key
	b.must(t, nobody, wire.MethodKeyList, nil, &keys)
	if len(keys) != 1 || !slices.Equal(keys[0].Tokens, []string{"12345678"}) || !keys[0].Touch || !slices.Equal(keys[0].Trust, []string{c.url}) {
		t.Fatalf("got %+v", keys)
	}
	if got, want := r.Tokens[0].Names(), "mfad-key:"+c.key.ID; !slices.Equal(got, []string{want}) {
		t.Errorf("the token holds %q, want %q", got, want)
	}
	if got := r.Tokens[0].Credentials[r.Tokens[0].Names()[0]]; string(got.Key) != "AWS4"+c.key.Secret || got.Algorithm != "SHA256" {
		t.Error("the token holds another key")
	}
	if _, found := b.access.Opened().Find(keystore.KindAccessKey, "base"); found {
		t.Error("the vault keeps the secret")
	}
	b.refused(t, nobody, errcode.BadRequest, wire.MethodKeyMove, wire.MoveParams{Name: "base"})
	b.refused(t, nobody, errcode.ItemExists, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: otherID, Secret: []byte(secretKey)})
	b.refused(t, nobody, errcode.ItemExists, wire.MethodKeyImport, wire.KeyImportParams{Name: "twin", AccessKeyID: c.key.ID, Secret: []byte(secretKey)})
	b.must(t, nobody, wire.MethodKeyTrust, wire.KeyTrustParams{Name: "base", Endpoint: "https://x.example"}, nil)
	var removed wire.RemoveResult
	b.must(t, nobody, wire.MethodKeyRemove, wire.NameParams{Name: "base"}, &removed)
	if len(removed.Left) > 0 || len(r.Tokens[0].Names()) > 0 || len(b.trust.Of(c.key.ID)) > 0 {
		t.Errorf("left %q, the token holds %q, trusted %q", removed.Left, r.Tokens[0].Names(), b.trust.Of(c.key.ID))
	}
	b.refused(t, nobody, errcode.NoKey, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"})
}

func TestImportedSecretReplacesTheTokens(t *testing.T) {
	b, c, r := signedByToken(t, false)
	b.must(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	p := wire.KeyImportParams{Name: "base", AccessKeyID: c.key.ID, Secret: []byte(c.key.Secret), Replace: true}
	why := b.refused(t, nobody, errcode.BadRequest, wire.MethodKeyImport, p)
	if want := `"base" is on token 12345678: give --on-token to put the new secret there, or --to-vault`; why != want {
		t.Errorf("got %q, want %q", why, want)
	}
	if len(r.Tokens[0].Names()) != 1 {
		t.Error("the token was touched")
	}
	p.Secret, p.ToVault = []byte(c.key.Secret), true
	b.must(t, nobody, wire.MethodKeyImport, p, nil)
	if len(r.Tokens[0].Names()) > 0 {
		t.Errorf("the token holds %q", r.Tokens[0].Names())
	}
	id := keptName(c.key.ID, b.clock.now().UTC().Format(sigv4.DayLayout))
	if b.access.Opened().Kept(id) != nil {
		t.Error("the key of the day is kept")
	}
	var keys []wire.Key
	b.must(t, nobody, wire.MethodKeyList, nil, &keys)
	if len(keys) != 1 || keys[0].Tokens != nil {
		t.Errorf("got %+v", keys)
	}
}

func TestKeyMoveLosesNothingWhateverFails(t *testing.T) {
	for step := 1; ; step++ {
		disk := faultfs.New()
		b := openBenchOn(t, disk)
		r := b.withTokens(t, "1")
		b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)}, nil)
		disk.Arm(faultfs.Fault{Step: step, Err: syscall.EIO})
		err := b.call(t, nobody, wire.MethodKeyMove, wire.MoveParams{Name: "base"}, nil)
		done := step > disk.Steps()
		disk.Arm(faultfs.Fault{})
		if err != nil {
			if again := b.call(t, nobody, wire.MethodKeyMove, wire.MoveParams{Name: "base"}, nil); again != nil && !errors.Is(again, errcode.BadRequest) {
				t.Errorf("step %d: again: %v", step, again)
			}
		}
		if n := len(r.Tokens[0].Names()); n != 1 {
			t.Errorf("step %d: the token holds %d credentials", step, n)
		}
		key, err := b.keys.AccessKey(t.Context(), "base", nobody.asker())
		if err != nil || key.Signer == nil {
			t.Fatalf("step %d: %v", step, err)
		}
		got, err := key.Signer.SigningKey(t.Context(), "20261121")
		if err != nil && !errors.Is(err, credproc.ErrUnsigned) { // its day is over, or is not
			t.Errorf("step %d: %v", step, err)
		}
		clear(got)
		key.Close()
		key.Close()
		if done {
			return
		}
	}
}

func TestHalfAKeyMoveIsMadeAgain(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)}, nil)
	name := "mfad-key:" + keyID
	r.Tokens[0].Credentials[name] = &tokenrack.Credential{Name: name, Algorithm: "SHA256", Digits: 6, Key: []byte("another secret")}
	b.refused(t, nobody, errcode.TokenExists, wire.MethodKeyMove, wire.MoveParams{Name: "base"})
	r.Tokens[0].Credentials[name].Key = []byte("AWS4" + secretKey)
	b.must(t, nobody, wire.MethodKeyMove, wire.MoveParams{Name: "base"}, nil)
}

func TestDayThatIsOverIsNotKept(t *testing.T) {
	b, _, _ := signedByToken(t, false)
	key, err := b.keys.AccessKey(t.Context(), "base", nobody.asker())
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	if _, err := key.Signer.SigningKey(t.Context(), "20000101"); !errors.Is(err, credproc.ErrUnsigned) {
		t.Errorf("got %v", err)
	}
	if _, err := key.Signer.SigningKey(t.Context(), "yesterday"); err == nil {
		t.Error("a day that is none was signed for")
	}
	if text := fmt.Sprintf("%v %+v", key, key); strings.Contains(text, "AWS4") {
		t.Errorf("the key prints as %s", text)
	}
}
