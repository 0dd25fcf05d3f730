package agent

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/tokenrack"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
)

// withSlots is a bench whose vault tokens open, beside a passphrase and a
// recovery key; it is locked.
func withSlots(t testing.TB, kind string, serials ...string) (*bench, *tokenrack.Rack) {
	t.Helper()
	b := newBench(t)
	b.withVault(t)
	r := b.withTokens(t, serials...)
	for i, serial := range serials {
		r.Tokens[i].FIDO2 = kind == "fido2"
		p := wire.SlotAddParams{Kind: kind, Token: serial}
		if kind == "fido2" {
			p.Token = r.Tokens[i].Token().Place
		}
		b.must(t, knows(passphrase), wire.MethodSlotAdd, p, nil)
	}
	b.restart(t)
	r.Calls = nil
	return b, r
}

func TestTokenOpensTheVault(t *testing.T) {
	for _, kind := range []string{"piv", "fido2"} {
		t.Run(kind, func(t *testing.T) {
			b, r := withSlots(t, kind, "12345678")
			b.must(t, nobody, wire.MethodVaultUnlock, nil, nil)
			var shown wire.Vault
			b.must(t, nobody, wire.MethodVaultShow, nil, &shown)
			slot := shown.Slots[2]
			if slot.Kind != kind || slot.Token != "YubiKey 5 NFC (serial 12345678)" || slot.Identity != r.Tokens[0].Identity {
				t.Errorf("got %+v", slot)
			}
			b.must(t, nobody, wire.MethodSlotRemove, wire.SlotRemoveParams{ID: slot.ID}, nil)
			b.restart(t)
			b.refused(t, nobody, errcode.NoPrompt, wire.MethodVaultUnlock, nil)
			b.refused(t, nobody, errcode.NoSlot, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: kind})
		})
	}
}

func TestTokensThatAreAwayAreSkipped(t *testing.T) {
	b, r := withSlots(t, "piv", "1", "2")
	r.Tokens[0].Away = true
	b.must(t, nobody, wire.MethodVaultUnlock, nil, nil)
	if lists, tries := r.Count(token.MethodList), r.Count(token.MethodUnwrap); lists != 1 || tries != 1 {
		t.Errorf("%d lists and %d tries, want one each", lists, tries)
	}
	if r.Whole != 0 { // which takes its time with every key
		t.Error("all that is on the tokens was read to see whether they are there")
	}
	b.restart(t)
	b.must(t, nobody, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "piv"}, nil)
	b.restart(t)
	r.Tokens[1].Away = true
	r.Lists.Faults = []string{"something is missing: install it"}
	p := knows(passphrase)
	b.must(t, p, wire.MethodVaultUnlock, nil, nil)
	b.restart(t)
	text := b.refused(t, nobody, errcode.NoPrompt, wire.MethodVaultUnlock, nil)
	for _, word := range []string{"serial 1", "serial 2", "something is missing"} {
		if !strings.Contains(text, word) {
			t.Errorf("the refusal %q does not tell of %q", text, word)
		}
	}
	b.refused(t, p, errcode.NoToken, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "piv"})
}

func TestChosenTokenIsWaitedFor(t *testing.T) {
	b, r := withSlots(t, "piv", "1")
	r.Tokens[0].Away = true
	b.refused(t, nobody, errcode.NoToken, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "piv"})
	r.Insert = func(token.Waiting) { r.Tokens[0].Away = false }
	p := knows("")
	b.must(t, p, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "piv"}, nil)
	if want := "plug in the token with serial 1 to unlock the vault"; !slices.Contains(p.notices, want) {
		t.Errorf("told %q", p.notices)
	}
}

func TestPINIsAskedForWithTokenAndTries(t *testing.T) {
	b, r := withSlots(t, "piv", "12345678")
	r.Tokens[0].PIN = "123456"
	answers := []string{"000000", "123456"}
	var asked []human.Question
	p := &person{secret: func(q human.Question) (string, bool) {
		asked = append(asked, q)
		answer := answers[0]
		answers = answers[1:]
		return answer, false
	}}
	b.must(t, p, wire.MethodVaultUnlock, nil, nil)
	for i, q := range asked {
		if q.What != "PIV PIN" || q.Token != "YubiKey 5 NFC (serial 12345678)" || q.Tries != 3-i || (q.Again != "") != (i > 0) {
			t.Errorf("question %d is %+v", i+1, q)
		}
	}
	if len(asked) != 2 {
		t.Errorf("asked %d times", len(asked))
	}
}

func TestLastTryTakesAWord(t *testing.T) {
	b, r := withSlots(t, "piv", "12345678")
	r.Tokens[0].PIN, r.Tokens[0].Retries = "123456", 1
	p := knows("123456")
	var question string
	p.confirm = func(q string) bool { question = q; return false }
	b.refused(t, p, errcode.PINGuard, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "piv"})
	if want := "Only 1 try is left for the PIV PIN of YubiKey 5 NFC (serial 12345678), and wrong ones block it. Try all the same?"; question != want {
		t.Errorf("asked %q", question)
	}
	p.confirm = func(string) bool { return true }
	b.must(t, p, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "piv"}, nil)
}

func TestDismissedPINIsNoCallForThePassphrase(t *testing.T) {
	b, r := withSlots(t, "piv", "1")
	r.Tokens[0].PIN = "123456"
	p := &person{secret: func(human.Question) (string, bool) { return "", true }}
	b.refused(t, p, errcode.Dismissed, wire.MethodVaultUnlock, nil)
	if n := len(p.questions()); n != 1 {
		t.Errorf("asked %q", p.questions())
	}
}

func TestTokenThatFailsGivesWayToThePassphrase(t *testing.T) {
	for _, err := range []error{token.ErrTouch, token.ErrPINBlocked, token.ErrRemoved, token.ErrHelper, token.ErrNoHelper} {
		b, r := withSlots(t, "piv", "1")
		r.Fault = func(method string) error { return err }
		b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
		b.restart(t)
		if text := b.refused(t, nobody, errcode.NoPrompt, wire.MethodVaultUnlock, nil); !strings.Contains(text, err.Error()) {
			t.Errorf("the refusal %q does not say %q", text, err)
		}
		b.refused(t, nobody, sentinelOf(err), wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "piv"})
	}
}

func sentinelOf(err error) errcode.Code { return codeOf(err) }

func TestNoTokenIsTouchedToUnlockForTheBackground(t *testing.T) {
	b, r := withSlots(t, "piv", "1")
	_, err := b.access.Unlocked(t.Context(), background{nobody.asker()})
	if !errors.Is(err, human.ErrNoPrompt) || r.Count(token.MethodUnwrap) > 0 {
		t.Errorf("%v after %d tries", err, r.Count(token.MethodUnwrap))
	}
}

// A new way in takes an old one, by token too, and a kind takes its own
// settings alone.
func TestSlotsOfTokensAreMadeWithCare(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	r := b.withTokens(t, "1", "2")
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	b.refused(t, nobody, errcode.NoPrompt, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv", Token: "1"})
	owner := knows(passphrase)
	b.refused(t, owner, errcode.NoToken, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv", Token: "9"})
	b.refused(t, owner, errcode.BadRequest, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "fido2", PIN: "once"})
	b.refused(t, owner, errcode.BadRequest, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "fido2", Touch: "never"})
	b.refused(t, owner, errcode.NoToken, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "fido2"})
	r.Fault = func(method string) error {
		if method == token.MethodWrap {
			return token.ErrRemoved
		}
		return nil
	}
	b.refused(t, owner, errcode.TokenRemoved, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv", Token: "1"})
	r.Fault = nil
	if n := len(b.access.Opened().Slots()); n != 2 {
		t.Errorf("the vault has %d slots", n)
	}
	b.must(t, owner, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv", Token: "1"}, nil)
	b.must(t, nobody, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv", Token: "2"}, nil) // the first one proves
}

// A key that wants neither PIN nor touch opens the vault, and proves nothing.
func TestSilentTokenIsNoProof(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1", "2")
	b.must(t, nobody, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv", Token: "1", PIN: "never", Touch: "never"}, nil)
	b.desk.sit(false)
	tries := r.Count(token.MethodUnwrap)
	b.refused(t, nobody, errcode.Unproven, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: -1})
	if now := r.Count(token.MethodUnwrap); now != tries {
		t.Errorf("the token was used %d times", now-tries)
	}
	b.desk.sit(true)
	b.must(t, nobody, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv", Token: "2"}, nil)
	b.desk.sit(false)
	b.must(t, nobody, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: -1}, nil) // by the second
}

// What replaces a secret on tokens goes there, when that was said, and the old
// secret is on none of them any more.
func TestNewSecretGoesWhereTheOldOneWas(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1", "2")
	b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)}, nil)
	b.must(t, nobody, wire.MethodKeyMove, wire.MoveParams{Name: "base", Tokens: []string{"1", "2"}, Touch: true}, nil)
	p := wire.KeyImportParams{Name: "base", AccessKeyID: otherID, Secret: []byte(secretKey), Replace: true}
	b.refused(t, nobody, errcode.BadRequest, wire.MethodKeyImport, p)
	p.OnToken = true
	var key wire.Key
	b.must(t, nobody, wire.MethodKeyImport, p, &key)
	if !slices.Equal(key.Tokens, []string{"1", "2"}) || !key.Touch || key.AccessKeyID != otherID {
		t.Errorf("got %+v", key)
	}
	for _, on := range r.Tokens {
		if got := on.Names(); !slices.Equal(got, []string{"mfad-key:" + otherID}) {
			t.Errorf("a token holds %q", got)
		}
	}
}
