//go:build cgo && linux

package fido2

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

var sentinels = []error{
	token.ErrNotPresent, token.ErrRemoved, token.ErrBusy, token.ErrPIN, token.ErrPINBlocked, token.ErrPINGuard,
	token.ErrNoPIN, token.ErrTouch, token.ErrNoCredential, token.ErrFull, token.ErrUnsupported, token.ErrInvalid,
	human.ErrDismissed, errNobody, context.Canceled, context.DeadlineExceeded,
}

// typed wants an error of one line that a caller can branch on.
func typed(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), pin) {
		t.Errorf("%q has two lines, or a PIN", err)
	}
	for _, s := range sentinels {
		if errors.Is(err, s) {
			return
		}
	}
	t.Errorf("untyped error: %v", err)
}

func locked(f func(ctap.Frame) ctap.Fault) func(ctap.Frame) ctap.Fault {
	var mu sync.Mutex
	return func(fr ctap.Frame) ctap.Fault {
		mu.Lock()
		defer mu.Unlock()
		return f(fr)
	}
}

// ending is a hook that ends a dialogue soon after a fault that may leave the
// host waiting, as a caller's deadline does.
func ending(cancel func(), hook func(ctap.Frame) ctap.Fault) func(ctap.Frame) ctap.Fault {
	return func(f ctap.Frame) ctap.Fault {
		fault := hook(f)
		if fault.Act == ctap.Drop || fault.Act == ctap.Replace {
			time.AfterFunc(20*time.Millisecond, cancel)
		}
		return fault
	}
}

func TestTouchNeverGivenIsAnError(t *testing.T) {
	k := newKey(t, ctap.Options{})
	i := enrol(t, k, false)
	usual := touchLimit
	limits(t, 200*time.Millisecond, answerLimit, cancelLimit)
	k.SetTouch(ctap.TouchNever)
	_, _, err := Keys{devices(t, k), nobody(t)}.Unwrap(t.Context(), i, wrapFor(t, i))
	if !errors.Is(err, token.ErrTouch) {
		t.Errorf("%v, want token.ErrTouch", err)
	}
	if k.Tap() {
		t.Error("the key still waits for a touch")
	}
	touchLimit = usual
	k.SetTouch(ctap.Touch(20 * time.Millisecond))
	if _, _, err := (Keys{devices(t, k), nobody(t)}).Unwrap(t.Context(), i, wrapFor(t, i)); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestKeyThatGivesUpByItselfWasNotTouched(t *testing.T) {
	k := newKey(t, ctap.Options{TouchTimeout: 100 * time.Millisecond})
	i := enrol(t, k, false)
	k.SetTouch(ctap.TouchNever)
	if _, _, err := (Keys{devices(t, k), nobody(t)}).Unwrap(t.Context(), i, wrapFor(t, i)); !errors.Is(err, token.ErrTouch) {
		t.Errorf("%v, want token.ErrTouch", err)
	}
}

func TestCancelEndsTheWaitOfTheKeyToo(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, k, true)
	d := devices(t, k)
	k.SetTouch(ctap.TouchNever)
	ctx, cancel := context.WithCancel(t.Context())
	p := typing(t, pin)
	p.OnAwait = func(token.Waiting) { cancel() } // the device is being opened at that moment
	if _, _, err := (Keys{d, p}).Unwrap(ctx, i, wrapFor(t, i)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	k.SetTouch(ctap.TouchNow)
	if _, _, err := (Keys{d, typing(t, pin)}).Unwrap(t.Context(), i, wrapFor(t, i)); err != nil {
		t.Errorf("after it: %v", err)
	}
	if _, _, err := (Keys{d, nobody(t)}).Unwrap(ctx, i, wrapFor(t, i)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

// A cancel may come at any moment of the dialogue.
func TestCancelAtEveryFrame(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, k, true)
	stanzas := wrapFor(t, i)
	d := devices(t, k)
	k.SetTouch(ctap.Touch(30 * time.Millisecond))
	for n := 0; ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		reached := false
		k.Fault(locked(func(f ctap.Frame) ctap.Fault {
			if f.N == n {
				reached = true
				cancel()
			}
			return ctap.Fault{}
		}))
		if n > 200 {
			t.Fatal("no end")
		}
		_, _, err := Keys{d, typing(t, pin)}.Unwrap(ctx, i, stanzas)
		cancel()
		k.Fault(nil)
		if !reached { // the dialogue was over before frame n
			if err != nil {
				t.Errorf("undisturbed: %v", err)
			}
			break
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at frame %d: %v", n, err)
		}
	}
	k.SetTouch(ctap.TouchNow)
	if _, _, err := (Keys{d, typing(t, pin)}).Unwrap(t.Context(), i, stanzas); err != nil || k.PINRetries() != 8 {
		t.Errorf("after it: %v, %d tries left", err, k.PINRetries())
	}
}

// everyFrame runs op with one frame after the other hit by a fault, until op
// comes to its end unhurt.
func everyFrame(t *testing.T, k *ctap.Key, act func(ctap.Frame) (ctap.Fault, bool), op func(context.Context) error) {
	t.Helper()
	limits(t, touchLimit, answerLimit, 20*time.Millisecond)
	for n := 0; ; n++ {
		if err := k.Replug(); err != nil {
			t.Fatal(err)
		}
		k.SetPINRetries(8)
		hit := false
		ctx, cancel := context.WithCancel(t.Context())
		k.Fault(locked(ending(cancel, func(f ctap.Frame) ctap.Fault {
			if f.N < n || hit {
				return ctap.Fault{}
			}
			fault, ok := act(f)
			hit = ok
			return fault
		})))
		err := op(ctx)
		cancel()
		k.Unplug() // and so ends what was left alone
		k.Fault(nil)
		if !hit {
			if err != nil {
				t.Errorf("unhurt: %v", err)
			}
			if n < 8 {
				t.Errorf("only %d frames", n)
			}
			return
		}
		if err != nil {
			typed(t, err)
		}
		if got := k.PINRetries(); got < 7 {
			t.Errorf("frame %d: %d tries left", n, got)
		}
	}
}

// operations are what the package does on a token.
func operations(t *testing.T, k *ctap.Key) map[string]func(context.Context) error {
	i := enrol(t, k, true)
	stanzas := wrapFor(t, i)
	list := func() []token.Token {
		return []token.Token{{Model: nameless, Place: k.Path(), FIDO2: &token.FIDO2{HMACSecret: true, PINSet: true}}}
	}
	return map[string]func(context.Context) error{
		"unwrap": func(ctx context.Context) error {
			got, _, err := Keys{list(), typing(t, pin)}.Unwrap(ctx, i, stanzas)
			if err == nil && !bytes.Equal(got, fileKey) {
				t.Error("the wrong file key")
			}
			return err
		},
		"new key": func(ctx context.Context) error {
			_, err := NewKey(ctx, list()[0], token.KeyParams{PIN: "always"}, typing(t, pin))
			return err
		},
	}
}

func TestUnplugAtEveryFrame(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	for name, op := range operations(t, k) {
		t.Run(name, func(t *testing.T) {
			everyFrame(t, k, func(ctap.Frame) (ctap.Fault, bool) { return ctap.Fault{Act: ctap.Pull}, true }, func(ctx context.Context) error {
				err := op(ctx)
				if err != nil && !errors.Is(err, token.ErrRemoved) {
					t.Errorf("%v, want token.ErrRemoved", err)
				}
				return err
			})
		})
	}
}

func TestSilenceAtEveryFrame(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	for name, op := range operations(t, k) {
		t.Run(name, func(t *testing.T) {
			everyFrame(t, k, func(ctap.Frame) (ctap.Fault, bool) { return ctap.Fault{Act: ctap.Drop}, true }, op)
		})
	}
}

func TestGarbageAtEveryFrame(t *testing.T) {
	for name, garble := range map[string]func([]byte) []byte{
		"ones":    func(p []byte) []byte { return bytes.Repeat([]byte{0xff}, len(p)) },
		"payload": func(p []byte) []byte { return append(p[:7:7], bytes.Repeat([]byte{0xa5}, len(p)-7)...) },
		"long":    func(p []byte) []byte { p[5], p[6] = 0xff, 0xff; return p },
		"empty":   func(p []byte) []byte { p[5], p[6] = 0, 0; return p },
		"short":   func(p []byte) []byte { return p[:10] },
		"double":  func(p []byte) []byte { return append(p, p...) },
	} {
		t.Run(name, func(t *testing.T) {
			k, err := ctap.New(ctap.Options{PIN: pin})
			if err != nil {
				t.Fatal(err)
			}
			defer k.Close()
			everyFrame(t, k, func(f ctap.Frame) (ctap.Fault, bool) {
				if !f.ToHost {
					return ctap.Fault{}, false
				}
				return ctap.Fault{Act: ctap.Replace, Packet: garble(f.Packet)}, true
			}, operations(t, k)["unwrap"])
		})
	}
}
