//go:build cgo

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

// victim is an operation that a fault is to hit, again and again.
type victim struct {
	name   string
	do     func(t *testing.T) error
	before func(t *testing.T) // without a fault; nil: nothing
}

// undisturbed prepares what the fault is to hit.
func (o victim) undisturbed(t *testing.T) {
	if o.before != nil {
		o.before(t)
	}
}

// victims are the operations on the only token, which holds what they need.
func victims(t *testing.T, h *token.Helper) []victim {
	t.Helper()
	if _, err := put(new(persontest.Person), h, t, true); err != nil {
		t.Fatal(err)
	}
	key := token.OATHPutParams{Name: "key", Algorithm: "SHA256", Digits: 6, Key: []byte(secret)}
	if _, err := h.OATHPut(t.Context(), key, new(persontest.Person)); err != nil {
		t.Fatal(err)
	}
	identity := newPIVKey(t, h).Identity
	stanzas, err := token.KeyBy(t.Context(), h, identity, 0, nil).Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	more := token.OATHPutParams{Name: "new", Algorithm: "SHA1", Digits: 6, Key: []byte(seedKey)}
	return []victim{
		{name: "code", do: func(t *testing.T) error {
			got, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name, Challenge: 5}, new(persontest.Person))
			if err == nil && got.Digits != code(t, 5) {
				t.Errorf("a wrong code")
			}
			return err
		}},
		{name: "day", do: func(t *testing.T) error {
			_, err := h.OATHDay(t.Context(), token.OATHDayParams{Name: "key", Day: "20261121"}, new(persontest.Person))
			return err
		}},
		{name: "put", do: func(t *testing.T) error {
			_, err := h.OATHPut(t.Context(), more, new(persontest.Person))
			return err
		}, before: func(t *testing.T) {
			_, err := h.OATHDelete(t.Context(), token.OATHDeleteParams{Name: more.Name}, new(persontest.Person))
			if err != nil && !errors.Is(err, token.ErrNoCredential) {
				t.Fatal(err)
			}
		}},
		{name: "put what is there", do: func(t *testing.T) error {
			_, err := put(new(persontest.Person), h, t, true)
			return err
		}, before: func(t *testing.T) {
			if _, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name}, new(persontest.Person)); err != nil {
				t.Errorf("what was there is gone: %v", err)
			}
		}},
		{name: "unwrap", do: func(t *testing.T) error {
			got, err := token.KeyBy(t.Context(), h, identity, 0, persontest.Typing(token.PIVPIN, "123456")).Unwrap(stanzas)
			if err == nil && !slices.Equal(got, fileKey) {
				t.Errorf("another file key")
			}
			return err
		}},
	}
}

// kinds are the errors that a fault may be; anything else is a fault of ours.
var kinds = []error{token.ErrRemoved, token.ErrNotPresent, token.ErrHelper}

func typed(err error) bool {
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}

func TestUnplugAtEveryCommand(t *testing.T) {
	h := newHelper(t)
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	for _, o := range victims(t, h) {
		for _, how := range []tokentest.Action{tokentest.PullOut, tokentest.PullOutUnanswered} {
			t.Run(fmt.Sprint(o.name, " ", how), func(t *testing.T) { unplugAtEvery(t, y, o, how) })
		}
	}
	if got := ykman(t, y, "oath", "accounts", "list"); !strings.Contains(got, name) {
		t.Errorf("ykman lists %q", got)
	}
}

func unplugAtEvery(t *testing.T, y *tokentest.YubiKey, o victim, how tokentest.Action) {
	for at := 0; ; at++ {
		o.undisturbed(t)
		var pulled atomic.Bool
		y.Fault(func(n int, _ []byte) ([]byte, tokentest.Action) {
			if n == at {
				pulled.Store(true)
				return nil, how
			}
			return nil, tokentest.Proceed
		})
		err := o.do(t)
		y.Fault(nil)
		if !pulled.Load() {
			if err != nil || at < 4 {
				t.Errorf("after %d commands: %v", at, err)
			}
			return
		}
		// It may have answered all that counts before it went.
		if err != nil && (!typed(err) || errors.Is(err, token.ErrHelper)) {
			t.Errorf("pulled out at command %d: %v", at, err)
		}
		if err := house.service.Insert(0, y); err != nil {
			t.Fatal(err)
		}
		if err := o.do(t); err != nil {
			t.Errorf("after it was pulled out at command %d: %v", at, err)
		}
		if left := y.PINRetries(); left != 3 {
			t.Fatalf("pulled out at command %d: %d tries left", at, left)
		}
	}
}

func TestKillAtEveryCommand(t *testing.T) {
	h := newHelper(t)
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	for _, o := range victims(t, h) {
		t.Run(o.name, func(t *testing.T) {
			for at := 0; ; at++ {
				o.undisturbed(t)
				var killed atomic.Bool
				y.Fault(func(n int, _ []byte) ([]byte, tokentest.Action) {
					if n == at {
						killed.Store(true)
						killPrograms()
					}
					return nil, tokentest.Proceed
				})
				err := o.do(t)
				y.Fault(nil)
				if !killed.Load() {
					if err != nil || at < 4 {
						t.Errorf("after %d commands: %v", at, err)
					}
					return
				}
				if !errors.Is(err, token.ErrHelper) || !strings.Contains(err.Error(), "killed") {
					t.Errorf("killed at command %d: %v", at, err)
				}
				if err := o.do(t); err != nil {
					t.Errorf("after it was killed at command %d: %v", at, err)
				}
			}
		})
	}
	if left := y.PINRetries(); left != 3 {
		t.Errorf("%d tries left", left)
	}
	ykman(t, y, "piv", "info")
}

// killPrograms kills the mfad-tokens that this process has started.
func killPrograms() {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if exe, err := os.Readlink("/proc/" + e.Name() + "/exe"); err == nil && exe == house.real {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func TestServiceThatDiesIsAnErrorAndComesBack(t *testing.T) {
	h := newHelper(t)
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	o := victims(t, h)[0]
	y.SetTouch(tokentest.TouchNever)
	p := &persontest.Person{OnAwait: func(token.Waiting) { house.service.Kill() }}
	_, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name}, p)
	if !errors.Is(err, token.ErrNoService) && !errors.Is(err, token.ErrRemoved) {
		t.Errorf("killed in the middle: %v", err)
	}
	y.SetTouch(tokentest.TouchNow)
	if err := o.do(t); !errors.Is(err, token.ErrNoService) {
		t.Errorf("without it: %v", err)
	}
	if err := house.service.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := o.do(t); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestFIDO2KeyThatIsPulledOutIsAnError(t *testing.T) {
	k, h, made := newFIDO2Key(t)
	stanzas, err := token.KeyBy(t.Context(), h, made.Identity, 0, nil).Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	p := new(persontest.Person)
	p.OnAwait = func(token.Waiting) { go k.Unplug() }
	k.SetTouch(ctap.TouchNever)
	if _, err := token.KeyBy(t.Context(), h, made.Identity, 0, p).Unwrap(stanzas); !errors.Is(err, token.ErrRemoved) &&
		!errors.Is(err, token.ErrNotPresent) {
		t.Errorf("got %v", err)
	}
	k.SetTouch(ctap.TouchNow)
	if err := k.Replug(); err != nil {
		t.Fatal(err)
	}
	key := token.KeyBy(t.Context(), h, made.Identity, 0, new(persontest.Person))
	if got, err := key.Unwrap(stanzas); err != nil || !slices.Equal(got, fileKey) {
		t.Errorf("afterwards: %v", err)
	}
}

// BenchmarkCode is a code from the OATH applet, with the start of the program,
// and BenchmarkYkman one from ykman.
func BenchmarkCode(b *testing.B) {
	h := newHelper(b)
	plug(b, 0, tokentest.YubiKeyOptions{})
	if _, err := put(new(persontest.Person), h, b, false); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	for n := uint64(0); b.Loop(); n++ {
		if _, err := h.OATHCode(b.Context(), token.OATHCodeParams{Name: name, Challenge: n}, new(persontest.Person)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(time.Since(start).Seconds()*1e3/float64(b.N), "ms/code")
}

func BenchmarkYkman(b *testing.B) {
	h := newHelper(b)
	y := plug(b, 0, tokentest.YubiKeyOptions{})
	if _, err := put(new(persontest.Person), h, b, false); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ykman(b, y, "oath", "accounts", "code", name)
	}
}
