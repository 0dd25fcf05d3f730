package credproc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/sigv4"
	"github.com/mfad/mfad/internal/human"
)

// signet is a token that signs, or says why not.
type signet struct {
	err error

	mu   sync.Mutex
	days []string
	keys [][]byte // that were given
}

func (s *signet) SigningKey(_ context.Context, day string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.days = append(s.days, day)
	key := bytes.Repeat([]byte{0x5a}, 32)
	s.keys = append(s.keys, key)
	return key, s.err
}

// A token may wait for its touch longer than a code lives.
func TestTokenThatSignsIsAskedBeforeACodeIsTaken(t *testing.T) {
	h := newHouse(t)
	h.session("base", "a", phone)
	gone := errors.New("token is not plugged in")
	token := &signet{err: gone}
	h.vault.days = token
	_, err := h.get(t, "base", &person{})
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	if h.vault.released != 0 || len(token.days) != 1 {
		t.Errorf("%d codes were taken, and the token was asked %d times", h.vault.released, len(token.days))
	}
	h.codes(t, 0)
	token.err = nil
	h.must(t, "base", &person{})
	if want := time.Now().UTC().Format("20060102"); token.days[1] != want {
		t.Errorf("asked for the key of %s, want %s", token.days[1], want)
	}
	h.codes(t, 1)
	for _, key := range token.keys {
		if !bytes.Equal(key, make([]byte, 32)) {
			t.Error("a key was not wiped")
		}
	}
}

func TestSecretOfTheVaultSignsAndIsNotShown(t *testing.T) {
	h := newHouse(t)
	h.session("base", "a", phone)
	h.must(t, "base", nil)
	const day = "20261122"
	got, err := h.aws.signer.SigningKey(t.Context(), day)
	if want := sigv4.SigningKey([]byte("long-term"), day); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v; want %x", got, err, want)
	}
	if shown := fmt.Sprintf("%v %+v %s %x", h.aws.signer, h.aws.signer, h.aws.signer, h.aws.signer); shown != strings.TrimSpace(strings.Repeat("[redacted] ", 4)) {
		t.Errorf("it shows %q", shown)
	}
}

func TestRequestThatIsNotSignedIsNotTriedAgainAndCostsNoCode(t *testing.T) {
	for name, serial := range map[string]string{"with a code": phone, "without": ""} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.session("base", "a", serial)
			tries := 0
			h.aws.fault = func(string) (before, after error) {
				tries++
				return fmt.Errorf("%w: %w", credproc.ErrUnsent, credproc.ErrUnsigned), nil
			}
			if _, err := h.get(t, "base", &person{}); !errors.Is(err, credproc.ErrUnsigned) || errors.Is(err, credproc.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
			if h.vault.released != 0 || tries != 1 {
				t.Errorf("%d codes were used up in %d tries", h.vault.released, tries)
			}
		})
	}
}

// far is an Asker that tells how far it reaches.
type far struct {
	person
	reach human.Reach
}

func (f *far) Reach() human.Reach { return f.reach }

func TestReachIsTheAskersOwn(t *testing.T) {
	for _, reach := range []human.Reach{human.Nobody, human.Person} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t)
			h.session("prod", "K", phone)
			if _, err := h.Credentials(t.Context(), credproc.Request{Profile: "prod", Asker: &far{reach: reach}}); err != nil {
				t.Fatal(err)
			}
			if got := h.vault.reach; got != reach {
				t.Errorf("the vault sees an asker that reaches %d, not %d", got, reach)
			}
		})
	}
}
