package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/agent/ontoken"
	"github.com/mfad/mfad/agent/tokenrack"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/durable/faultfs"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

const awsURI = "otpauth://totp/Amazon%20Web%20Services:alice@123456789012?secret=" + seed + "&issuer=Amazon%20Web%20Services"

// names are what a token holds.
func TestSeedGoesOntoTokensAndNowhereElse(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1", "2", "3")
	p := knows("")
	var added wire.DeviceAddResult
	b.must(t, p, wire.MethodDeviceAdd, wire.DeviceAddParams{
		Name: "work", Serial: serial, Seed: []byte(awsURI), OnToken: true, Tokens: []string{"1", "2"}, Touch: true,
	}, &added)
	want := wire.Device{
		Name: "work", Serial: serial, Issuer: "Amazon Web Services", Account: "alice@123456789012", Algorithm: "SHA1", Digits: 6, Period: 30,
		Created: added.Devices[0].Created, Tokens: []string{"1", "2"}, Touch: true,
	}
	if diff := cmp.Diff([]wire.Device{want}, added.Devices); diff != "" {
		t.Error(diff)
	}
	var list []wire.Device
	b.must(t, nobody, wire.MethodDeviceList, nil, &list)
	if diff := cmp.Diff(added.Devices, list); diff != "" {
		t.Error(diff)
	}
	const name = "Amazon Web Services:alice@123456789012"
	for i, want := range [][]string{{name}, {name}, nil} {
		if got := r.Tokens[i].Names(); !slices.Equal(got, want) {
			t.Errorf("token %d holds %q", i+1, got)
		}
	}
	for _, item := range b.access.Opened().Items() {
		content, err := b.access.Opened().Read(item.ID)
		if err != nil || len(content.Bytes()) > 0 {
			t.Errorf("the vault keeps %d bytes of %s %q, %v", len(content.Bytes()), item.Kind, item.Name, err)
		}
	}
	b.refused(t, nobody, errcode.ItemExists, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "work", Seed: []byte(seed)})
	b.refused(t, nobody, errcode.ItemExists, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "twin", Serial: serial, Seed: []byte(seed)})
	b.refused(t, nobody, errcode.BadRequest, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "x", Seed: []byte(seed), Touch: true})
	b.refused(t, nobody, errcode.NoToken, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "x", Seed: []byte(seed), OnToken: true, Tokens: []string{"1", "9"}})
	b.refused(t, nobody, errcode.TokenAmbiguous, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "x", Seed: []byte(seed), OnToken: true})
}

func TestExportGoesOntoATokenWhole(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Seed: migration("alice@1", "alice@1", "b b"), OnToken: true}, nil)
	if got := r.Tokens[0].Names(); !slices.Equal(got, []string{"mfad:alice@1", "mfad:alice@1-2", "mfad:b-b"}) {
		t.Errorf("the token holds %q", got)
	}
}

func TestCredentialsAreNamedAsAppsDo(t *testing.T) {
	long := strings.Repeat("l", 64)
	for name, test := range map[string]struct{ device, uri, want string }{
		"issuer and account": {"a", "otpauth://totp/I:acc?issuer=I&secret=" + seed, "I:acc"},
		"account alone":      {"a", "otpauth://totp/acc?secret=" + seed, "mfad:a"},
		"bare":               {"a", seed, "mfad:a"},
		"other period":       {"a", "otpauth://totp/I:acc?issuer=I&period=60&secret=" + seed, "60/I:acc"},
		"too long":           {"a", "otpauth://totp/I:" + long + "?issuer=I&secret=" + seed, "mfad:a"},
		"name too long":      {long, seed, "mfad:" + long[:50] + "-" + "78937db0"},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBench(t)
			r := b.withTokens(t, "1")
			b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: test.device, Seed: []byte(test.uri), OnToken: true}, nil)
			got := r.Tokens[0].Names()[0]
			if name == "name too long" {
				got, test.want = got[:56], test.want[:56]
			}
			if got != test.want || len(r.Tokens[0].Names()[0]) > ontoken.MaxName {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestMovedSeedGivesTheSameCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t)
		r := b.withTokens(t, "12345678")
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
		p := knows("")
		var moved wire.Device
		b.must(t, p, wire.MethodDeviceMove, wire.MoveParams{Name: "phone", Touch: true}, &moved)
		if !slices.Equal(moved.Tokens, []string{"12345678"}) || !moved.Touch {
			t.Errorf("got %+v", moved)
		}
		start := time.Now()
		var code wire.Code
		b.must(t, p, wire.MethodCode, wire.NameParams{Name: "phone"}, &code)
		if code.Digits != codeNow(t) {
			t.Error("the token's code is not that of now")
		}
		if time.Since(start) == 0 {
			t.Error("the code of one step was given before the move and after it")
		}
		want := "touch YubiKey 5 NFC (serial 12345678) to get a code for device phone"
		if !slices.Contains(p.notices, want) || p.notices[len(p.notices)-1] != "" {
			t.Errorf("told %q, want %q and that it is over", p.notices, want)
		}
		b.refused(t, nobody, errcode.BadRequest, wire.MethodDeviceMove, wire.MoveParams{Name: "phone"})
		b.refused(t, nobody, errcode.NoItem, wire.MethodDeviceMove, wire.MoveParams{Name: "none"})
		if r.Tokens[0].Touches != 2 {
			t.Errorf("%d touches, want one to prove the move and one for the code", r.Tokens[0].Touches)
		}
	})
}

// Whatever step of a move fails, the seed is in the vault or on the token, the
// device gives codes, and the move can be made again.
func TestMoveLosesNothingWhateverFails(t *testing.T) {
	for step := 1; ; step++ {
		disk := faultfs.New()
		b := openBenchOn(t, disk)
		r := b.withTokens(t, "1")
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
		disk.Arm(faultfs.Fault{Step: step, Err: syscall.EIO})
		err := b.call(t, nobody, wire.MethodDeviceMove, wire.MoveParams{Name: "phone"}, nil)
		done := step > disk.Steps()
		disk.Arm(faultfs.Fault{})
		if err != nil {
			if _, inVault := b.access.Opened().Find(keystore.KindTOTP, "phone"); inVault && len(r.Tokens[0].Names()) > 0 {
				t.Errorf("step %d: after %v the seed is in both places", step, err)
			}
			again := b.call(t, nobody, wire.MethodDeviceMove, wire.MoveParams{Name: "phone"}, nil)
			if again != nil && !errors.Is(again, errcode.BadRequest) { // it is there already
				t.Errorf("step %d: again: %v", step, again)
			}
		}
		if n := len(r.Tokens[0].Names()); n != 1 {
			t.Errorf("step %d: the token holds %d credentials", step, n)
		}
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
		if done {
			if step == 1 {
				t.Error("no step was hit")
			}
			return
		}
	}
}

// A process that is killed between the token and the vault leaves the seed in
// both; the next move finds its own.
func TestHalfAMoveIsMadeAgain(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1", "2")
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
	half := &tokenrack.Credential{Name: "mfad:phone", Algorithm: "SHA1", Digits: 6, Key: []byte("12345678901234567890")}
	r.Tokens[0].Credentials["mfad:phone"] = half
	b.must(t, nobody, wire.MethodDeviceMove, wire.MoveParams{Name: "phone", Tokens: []string{"1", "2"}}, nil)

	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "other", Seed: []byte(seed)}, nil)
	strange := &tokenrack.Credential{Name: "mfad:other", Algorithm: "SHA1", Digits: 6, Key: []byte("somebody else's seed")}
	r.Tokens[1].Credentials["mfad:other"] = strange
	b.must(t, nobody, wire.MethodDeviceMove, wire.MoveParams{Name: "other", Tokens: []string{"1", "2"}}, nil)
	if r.Tokens[1].Credentials["mfad:other"] != strange || !slices.Equal(r.Tokens[0].Names(), []string{"mfad:other~2", "mfad:phone"}) {
		t.Errorf("another's credential was touched, or the first token holds %q", r.Tokens[0].Names())
	}
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "other"}, nil)
}

func TestTokenThatRefusesKeepsTheSeedInTheVault(t *testing.T) {
	for want, err := range map[errcode.Code]error{
		errcode.TokenFull: token.ErrFull, errcode.TokenRemoved: token.ErrRemoved, errcode.NoTouch: token.ErrTouch,
		errcode.TokenFailed: token.ErrHelper, errcode.TokenService: token.ErrNoService, errcode.TokenBusy: token.ErrBusy,
	} {
		b := openBench(t)
		r := b.withTokens(t, "1")
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
		r.Fault = func(string) error { return err }
		b.refused(t, nobody, want, wire.MethodDeviceMove, wire.MoveParams{Name: "phone"})
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
	}
}

// The person locks the vault while the token waits for its touch: the seed
// stays, and the credential goes off again, for which no vault is needed.
func TestLockDuringAMoveLosesNothing(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
	r.Touched = func() { b.access.Lock() }
	b.refused(t, knows(""), errcode.VaultLocked, wire.MethodDeviceMove, wire.MoveParams{Name: "phone", Touch: true})
	r.Touched = nil
	if got := r.Tokens[0].Names(); len(got) != 0 {
		t.Errorf("the token holds %q", got)
	}
	b.must(t, nobody, wire.MethodVaultUnlock, nil, nil)
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
	b.must(t, knows(""), wire.MethodDeviceMove, wire.MoveParams{Name: "phone", Touch: true}, nil)
}

func TestCodeIsGivenBackWhenTheTokenFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t)
		r := b.withTokens(t, "1")
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed), OnToken: true}, nil)
		r.Fault = func(string) error { return token.ErrRemoved }
		if _, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: credproc.Purpose{Serial: serial}}, nobody.asker()); !errors.Is(err, token.ErrRemoved) {
			t.Errorf("got %v", err)
		}
		r.Fault = nil
		start := time.Now()
		code, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: credproc.Purpose{Serial: serial, Profile: "prod"}}, nobody.asker())
		if err != nil || code.Digits != codeNow(t) || time.Since(start) > time.Second {
			t.Errorf("%v; it took %v", err, time.Since(start))
		}
	})
}

// Who touches after a minute gets a code that is good still.
func TestLateTouchCostsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t)
		r := b.withTokens(t, "1")
		b.must(t, knows(""), wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), OnToken: true, Touch: true}, nil)
		late := true
		r.Touched = func() {
			if late {
				time.Sleep(time.Minute)
			}
			late = false
		}
		var code wire.Code
		b.must(t, knows(""), wire.MethodCode, wire.NameParams{Name: "phone"}, &code)
		if code.Digits != codeNow(t) || !time.Now().Before(code.Expires) {
			t.Error("the code is old")
		}
	})
}

func TestTokenIsWaitedForOnlyWhereSomebodyCanPlugItIn(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed), OnToken: true}, nil)
	r.Tokens[0].Away = true
	if text := b.refused(t, nobody, errcode.NoToken, wire.MethodCode, wire.NameParams{Name: "phone"}); !strings.Contains(text, "serial 1") {
		t.Errorf("got %q", text)
	}
	r.Insert = func(token.Waiting) { r.Tokens[0].Away = false }
	p := knows("")
	b.must(t, p, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
	if want := "plug in the token with serial 1 to get a code for device phone"; !slices.Contains(p.notices, want) {
		t.Errorf("told %q", p.notices)
	}
}

// background is an Asker that nobody is behind.
type background struct{ credproc.Asker }

func (background) Reach() human.Reach { return human.Nobody }

func TestTouchIsNotAskedForInTheBackground(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	b.must(t, knows(""), wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed), OnToken: true, Touch: true}, nil)
	if _, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: credproc.Purpose{Serial: serial}}, background{nobody.asker()}); !errors.Is(err, human.ErrNoPrompt) {
		t.Errorf("got %v", err)
	}
	if n := r.Count(token.MethodOATHCode); n != 0 {
		t.Errorf("the token was asked %d times", n)
	}
}

// What the file says of a token before the vault was opened may be anybody's.
func TestPointerIsBelievedOnceTheVaultIsOpen(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), OnToken: true}, nil)
	b.restart(t)
	damageText(t, b.home.Vault, "mfad:phone", "mfad:other")
	b.refused(t, nobody, errcode.VaultDamaged, wire.MethodCode, wire.NameParams{Name: "phone"})
	if n := r.Count(token.MethodOATHCode); n != 0 {
		t.Errorf("the token was asked %d times", n)
	}
}

func TestMoveThatIsAbandonedLeavesTheSeed(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
	ctx, leave := context.WithCancel(t.Context())
	r.Fault = func(string) error { leave(); return context.Cause(ctx) }
	if err := b.callContext(ctx, t, nobody, wire.MethodDeviceMove, wire.MoveParams{Name: "phone"}, nil); !errors.Is(err, errcode.Dismissed) {
		t.Errorf("got %v", err)
	}
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
}
