package oath_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/tokentest"
)

// script answers commands by how they begin.
type script map[string][]byte

func (s script) Transmit(apdu []byte) ([]byte, error) {
	for prefix, answer := range s {
		if bytes.HasPrefix(apdu, []byte(prefix)) {
			return bytes.Clone(answer), nil
		}
	}
	return []byte{0x6D, 0x00}, nil
}

const (
	insSelect = "\x00\xA4\x04"
	selected  = "\x79\x03\x05\x04\x03\x71\x08saltsalt\x90\x00"
	locked    = "\x79\x03\x05\x04\x03\x71\x08saltsalt\x74\x08challeng\x90\x00"
)

// An answer that is odd is an error, and never a code.
func TestOddAnswersAreErrors(t *testing.T) {
	for name, answer := range map[string]string{
		"empty": "", "one byte": "\x90", "nothing": "\x90\x00", "another tag": "\x75\x05\x06\x00\x00\x00\x01\x90\x00",
		"cut short": "\x76\x05\x06\x00\x00\x90\x00", "no length": "\x76\x90\x00", "too few": "\x76\x04\x06\x00\x00\x01\x90\x00",
		"too many": "\x76\x06\x06\x00\x00\x00\x00\x01\x90\x00", "no digits": "\x76\x05\x00\x00\x00\x00\x01\x90\x00",
		"many digits": "\x76\x05\x0A\x00\x00\x00\x01\x90\x00", "more behind": "\x76\x05\x06\x00\x00\x00\x01\x76\x00\x90\x00",
		"indefinite length": "\x76\x80\x90\x00", "unknown status": "\x12\x34", "fail": "\x65\x81",
	} {
		t.Run(name, func(t *testing.T) {
			a := selectOn(t, script{insSelect: []byte(selected), "\x00\xA2": []byte(answer)})
			code, err := a.Code("one", step(1))
			if code != "" {
				t.Errorf("the code is %s", code)
			}
			wantError(t, err, token.ErrUnsupported)
			full, _, err := a.Full("one", step(1))
			if full != nil {
				t.Errorf("the HMAC is %x", full)
			}
			wantError(t, err, token.ErrUnsupported)
		})
	}
}

func TestSelectRefusesNonsense(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing": "\x90\x00", "no ID": "\x79\x03\x05\x04\x03\x90\x00", "short version": "\x79\x02\x05\x04\x71\x01a\x90\x00",
		"empty challenge": "\x79\x03\x05\x04\x03\x71\x01a\x74\x00\x90\x00", "no applet": "\x6A\x82",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := oath.Select(script{insSelect: []byte(answer)})
			wantError(t, err, token.ErrUnsupported)
		})
	}
}

func TestTokenThatDoesNotKnowTheKeyIsNotUnlocked(t *testing.T) {
	a := selectOn(t, script{insSelect: []byte(locked), "\x00\xA3": []byte("\x75\x14aaaaaaaaaaaaaaaaaaaa\x90\x00")})
	wantError(t, a.Unlock(make([]byte, 16)), token.ErrAccessCode)
	if !a.Locked() {
		t.Error("it counts as unlocked")
	}
}

// endless always has more to say.
type endless struct {
	part  []byte
	calls int
}

func (e *endless) Transmit(apdu []byte) ([]byte, error) {
	if apdu[1] == 0xA4 && apdu[2] == 0x04 {
		return []byte(selected), nil
	}
	e.calls++
	return append(bytes.Clone(e.part), 0x61, 0x00), nil
}

func TestAnswersWithoutEndAreCutOff(t *testing.T) {
	for _, size := range []int{0, 1, 256} {
		e := &endless{part: make([]byte, size)}
		_, err := selectOn(t, e).List()
		wantError(t, err, token.ErrUnsupported)
		if e.calls > 600 {
			t.Errorf("parts of %d bytes were asked for %d times", size, e.calls)
		}
	}
}

// Each command ends with Le, which is 00.
func TestCommandsAskForAnswersOfAnyLength(t *testing.T) {
	card := newKey(tokentest.YubiKeyOptions{})
	a := selectOn(t, card)
	put(t, a, totp("one"), seed(20))
	if _, err := a.List(); err != nil {
		t.Fatal(err)
	}
	for _, e := range card.Journal() {
		c := e.Command
		if len(c) < 5 || c[len(c)-1] != 0 || len(c) > 5 && len(c) != 6+int(c[4]) {
			t.Errorf("command %v has no Le", e)
		}
	}
}

// pulled works for that many commands.
type pulled struct {
	tokentest.Direct
	left int
}

func (p *pulled) Transmit(apdu []byte) ([]byte, error) {
	if p.left--; p.left < 0 {
		return nil, token.ErrRemoved
	}
	return p.Direct.Transmit(apdu)
}

func TestPulledOutAtEveryCommandIsRemoved(t *testing.T) {
	work := func(c oath.Card) error {
		a, err := oath.Select(c)
		if err != nil {
			return err
		}
		key := a.Key([]byte("code"))
		_, listErr := a.List()
		_, codeErr := a.Code("one", step(1))
		return errors.Join(a.Put(totp("one"), seed(20)), listErr, codeErr, a.Rename("one", "two"),
			a.Delete("two"), a.SetKey(key), a.SetKey(nil))
	}
	seen := 0
	for n := range 12 {
		err := work(&pulled{newKey(tokentest.YubiKeyOptions{}), n})
		if errors.Is(err, token.ErrRemoved) {
			seen++
		}
	}
	if seen < 9 {
		t.Errorf("of 12 only %d were noticed", seen)
	}
}

// A YubiKey 4 is calmed after a long answer, and others are left in peace.
func TestOnlyYubiKey4IsCalmed(t *testing.T) {
	calm := []byte{0, 0, 0, 0, 0}
	for version, want := range map[string]bool{"4.2.6": true, "4.3.1": false, "5.4.3": false} {
		card := newKey(tokentest.YubiKeyOptions{Version: version})
		a := selectOn(t, card)
		for _, name := range []string{"one", "two", "three", "four", "five", "six", "seven", "eight"} {
			put(t, a, totp(name), seed(20))
		}
		if _, err := a.List(); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Code("one", step(1)); err != nil {
			t.Fatal(err)
		}
		got := slices.ContainsFunc(card.Journal(), func(e tokentest.Exchange) bool { return bytes.Equal(e.Command, calm) })
		if got != want {
			t.Errorf("version %s: calmed %v, want %v", version, got, want)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	for _, answer := range []string{
		"\x72\x05\x21plai\x72\x06\x31touch", "\x71\x05plain\x76\x05\x06\x00\x01\x02\x03\x71\x05touch\x7C\x01\x06",
		"\x71\x04hotp\x77\x01\x06", "\x76\x05\x06\x00\x01\x02\x03", "\x75\x15\x0612345678901234567890", "\x72\x81\x05\x21plai\x78\x01\x02",
	} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		whole := append(bytes.Clone(answer), 0x90, 0x00)
		a, err := oath.Select(script{
			insSelect: []byte(selected), "\x00\xA1": whole, "\x00\xA2": whole, "\x00\xA4\x00": whole, "\x00\xA3": whole,
		})
		if err != nil {
			t.Fatal(err)
		}
		if code, err := a.Code("one", step(1)); err == nil && (len(code) < 6 || len(code) > 8) {
			t.Errorf("the code is %q", code)
		}
		if full, _, err := a.Full("one", step(1)); err == nil && len(full) < 20 {
			t.Errorf("the HMAC has %d bytes", len(full))
		}
		_, _ = a.List()
		_, _ = a.All(step(1))
		_, _ = oath.Select(script{insSelect: whole})
	})
}
