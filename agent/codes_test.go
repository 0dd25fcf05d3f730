package agent

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/agent/codes"
	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// In a bubble of synctest waiting for the next step takes no time.
func TestCodeIsGivenOnceAndTheNextOneIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t)
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed)}, nil)
		p := knows("")
		seen := make(map[string]bool)
		for range 3 {
			var code wire.Code
			b.must(t, p, wire.MethodCode, wire.NameParams{Name: "phone"}, &code)
			if life := time.Until(code.Expires); seen[code.Digits] || life <= 0 || life > 30*time.Second {
				t.Errorf("code %d lives %v, seen before: %v", len(seen)+1, life, seen[code.Digits])
			}
			if want := codeNow(t); code.Digits != want {
				t.Error("the code is not that of now")
			}
			seen[code.Digits] = true
		}
		if len(p.notices) != 4 || !strings.Contains(p.notices[0], "waiting") || p.notices[1] != "" {
			t.Errorf("told %q, want two times that it waits, and that it waits no more", p.notices)
		}
		b.refused(t, nobody, errcode.NoItem, wire.MethodCode, wire.NameParams{Name: "none"})
	})
}

func TestLockKeepsBackTheCodeThatIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t)
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed)}, nil)
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
		shown, sent := make(chan error, 1), make(chan error, 1)
		go func() { shown <- b.call(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil) }()
		go func() {
			_, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: credproc.Purpose{Serial: serial}}, nobody.asker())
			sent <- err
		}()
		synctest.Wait() // both wait for the next step
		b.must(t, nobody, wire.MethodVaultLock, nil, nil)
		for _, got := range []error{<-shown, <-sent} {
			if !errors.Is(got, errcode.VaultLocked) {
				t.Errorf("after the lock: %v", got)
			}
		}
		b.must(t, nobody, wire.MethodVaultUnlock, nil, nil)
		start := time.Now()
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
		if time.Since(start) > time.Second {
			t.Error("a code that was kept back was used up")
		}
	})
}

// AWS wants two codes in a row of a device that is enrolled.
func TestPairIsOfTwoStepsThatFollowEachOther(t *testing.T) {
	for name, onToken := range map[string]bool{"in the vault": false, "on a token": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := openBench(t)
				b.withTokens(t, "1")
				b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), OnToken: onToken}, nil)
				device, err := inventory.FindDevice(b.access.Opened(), "phone")
				if err != nil {
					t.Fatal(err)
				}
				want := codeNow(t)
				start := time.Now()
				pair, err := b.devices.codes.Pair(t.Context(), device, nobody.asker())
				if err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(start); pair.First != want || pair.Second != codeNow(t) || waited > 30*time.Second {
					t.Errorf("after %v it is not the codes of then and of now", waited)
				}
				pair.Unsent()
				var code wire.Code
				b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, &code)
				if code.Digits != pair.Second {
					t.Error("the last code of a pair that was not sent is lost")
				}
			})
		})
	}
}

// Whoever comes between the two has a code of their own; the pair is of later steps.
func TestPairLeavesNoGapForAnotherCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t)
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
		device, err := inventory.FindDevice(b.access.Opened(), "phone")
		if err != nil {
			t.Fatal(err)
		}
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil) // so that all wait
		pairs := make(chan codes.Pair, 1)
		go func() {
			pair, err := b.devices.codes.Pair(t.Context(), device, nobody.asker())
			if err != nil {
				t.Error(err)
			}
			pairs <- pair
		}()
		synctest.Wait()
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil) // comes after the first of the pair
		pair := <-pairs
		if pair.First != codeAt(t, time.Now().Add(-30*time.Second)) || pair.Second != codeNow(t) {
			t.Error("the codes are not of two steps that follow each other")
		}
	})
}

func codeNow(t *testing.T) string {
	t.Helper()
	return codeAt(t, time.Now())
}

func codeAt(t *testing.T, at time.Time) string {
	t.Helper()
	keys, err := totp.Parse([]byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	digits, err := keys[0].Code(at)
	if err != nil {
		t.Fatal(err)
	}
	return digits
}

func TestCodeThatWasNotSentServesTheNextCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t)
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed)}, nil)
		why := credproc.Purpose{Serial: serial}
		first, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: why}, nobody.asker())
		if err != nil {
			t.Fatal(err)
		}
		first.Unsent()
		start := time.Now()
		second, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: why}, nobody.asker())
		if err != nil {
			t.Fatal(err)
		}
		if first.Digits != second.Digits || first.Typed || time.Since(start) > time.Second {
			t.Error("a code that was given back was not given again at once")
		}
	})
}

func TestEightDigitsAreNotForAWS(t *testing.T) {
	b := openBench(t)
	uri := []byte("otpauth://totp/x?digits=8&secret=" + seed)
	keys, err := totp.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	device := inventory.NewDevice("x", serial, &keys[0]) // as one was stored before it was judged
	err = b.access.Use(t.Context(), nobody.asker(), func(v *keystore.Vault) error { return inventory.Store(v, &device, uri) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: credproc.Purpose{Serial: serial}}, nobody.asker()); !errors.Is(err, errcode.BadSeed) {
		t.Errorf("got %v", err)
	}
}

// typist types answers one after the other.
func typist(answers ...string) *person {
	return &person{code: func(human.Question) (string, bool) {
		if len(answers) == 0 {
			return "", true
		}
		answer := answers[0]
		answers = answers[1:]
		return answer, false
	}}
}

func TestDeviceWithoutASeedIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t) // not even a vault is needed
		why := credproc.Purpose{Profile: "prod", RoleARN: "arn:aws:iam::1:role/x", Account: "123456789012", Serial: serial}
		p := typist("12345", " 123 456 ")
		code, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: why}, p.asker())
		if err != nil {
			t.Fatal(err)
		}
		if code.Digits != "123456" || !code.Typed {
			t.Error("the typed code did not come")
		}
		asked := p.questions()
		if len(asked) != 2 || !strings.HasPrefix(asked[0], "code: prod arn:aws:iam::1:role/x 123456789012 "+serial) || !strings.Contains(asked[1], "6 digits") {
			t.Errorf("asked %q", asked)
		}

		p = typist("123456", "123456", "654321")
		code, err = b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: why, Again: "AWS refused that code"}, p.asker())
		if err != nil {
			t.Fatal(err)
		}
		if asked = p.questions(); len(asked) != 3 || !strings.Contains(asked[0], "AWS refused") || !strings.Contains(asked[1], "was used") {
			t.Errorf("asked %q", asked)
		}
		code.Unsent()
		p = typist("654321") // AWS never saw it
		if code, err = b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: why}, p.asker()); err != nil {
			t.Fatal(err)
		}
		if asked = p.questions(); !strings.Contains(asked[0], "was used: wait") {
			t.Errorf("asked %q, want to be told that the code shown is used", asked)
		}

		time.Sleep(2*period + time.Second)
		if _, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: why}, typist("654321").asker()); err != nil {
			t.Errorf("chance may bring a code again, later: %v", err)
		}
		if _, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: why}, typist("1", "2", "3").asker()); !errors.Is(err, errcode.BadRequest) {
			t.Errorf("after three bad answers: %v", err)
		}
		if _, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: why}, nobody.asker()); !errors.Is(err, human.ErrNoPrompt) {
			t.Errorf("without a person: %v", err)
		}
		if _, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: why}, typist().asker()); !errors.Is(err, human.ErrDismissed) {
			t.Errorf("dismissed: %v", err)
		}
	})
}
