package agent

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
)

func TestTokensAreListedWithWhatTheVaultKeepsOnThem(t *testing.T) {
	b := newBench(t)
	r := b.withTokens(t, "1", "2")
	r.Lists = token.Listing{
		Tokens: []token.Token{{Model: "a FIDO2 key", Place: "/dev/hidraw1", FIDO2: &token.FIDO2{AAGUID: "0"}, Fault: "half of it"}},
		Faults: []string{"pcscd is not there: apt install pcscd"},
	}
	var list wire.TokenListResult
	b.must(t, nobody, wire.MethodTokenList, nil, &list) // there is no vault yet
	if len(list.Tokens) != 3 || !slices.Equal(list.Faults, r.Lists.Faults) || list.Tokens[0].Fault != "half of it" {
		t.Errorf("got %+v", list)
	}

	b.withVault(t)
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	var slot wire.SlotAddResult
	b.must(t, knows(passphrase), wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv", Token: "1"}, &slot)
	owner := knows("") // the token proves
	b.must(t, owner, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), OnToken: true, Tokens: []string{"1"}, Touch: true}, nil)
	b.must(t, owner, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)}, nil)
	b.must(t, owner, wire.MethodKeyMove, wire.MoveParams{Name: "base", Tokens: []string{"1", "2"}}, nil)
	b.must(t, nobody, wire.MethodVaultLock, nil, nil)
	b.must(t, nobody, wire.MethodTokenList, nil, &list)
	want := [][]string{
		nil,
		{"slot " + slot.Slot.ID + " opens the vault", `seed of device "phone"`, `secret of access key "base" (` + keyID + ")"},
		{`secret of access key "base" (` + keyID + ")"},
	}
	for i, each := range list.Tokens {
		if diff := cmp.Diff(want[i], each.Keeps); diff != "" {
			t.Errorf("token %d\n%s", i, diff)
		}
	}
	if o := list.Tokens[1].OATH; o == nil || o.Credentials != 2 || !slices.Equal(o.Touch, []string{"mfad:phone"}) || list.Tokens[1].PIV.Retries != 3 {
		t.Errorf("got %+v", list.Tokens[1])
	}
	if !b.access.Opened().Locked() {
		t.Error("a list has unlocked the vault")
	}
	r.Fault = func(string) error { return token.ErrNoHelper }
	b.refused(t, nobody, errcode.TokenProgram, wire.MethodTokenList, nil)
	r.Fault = nil

	// Somebody resets the first, which the vault does not know.
	clear(r.Tokens[0].Credentials)
	r.Tokens[0].Key = nil
	b.must(t, nobody, wire.MethodTokenList, nil, &list)
	want[1] = []string{
		want[1][0] + ": its key is not there any more", want[1][1] + ": it is not there any more", want[1][2] + ": it is not there any more",
	}
	if diff := cmp.Diff(want[1], list.Tokens[1].Keeps); diff != "" {
		t.Errorf("after a reset\n%s", diff)
	}
}

// accessCode is who chooses, and types, an access code.
func accessCode(code string) *person {
	return &person{secret: func(q human.Question) (string, bool) {
		if !strings.HasPrefix(q.What, "OATH access code") {
			return "", true
		}
		return code, false
	}}
}

func protect(meant, action string) wire.TokenProtectParams {
	return wire.TokenProtectParams{Token: meant, Action: action}
}

func TestAccessCodeIsSetAndRemembered(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed), OnToken: true}, nil)
	p := accessCode("open sesame")
	var shown wire.Token
	b.must(t, p, wire.MethodTokenProtect, protect("1", wire.ProtectSet), &shown)
	if r.Tokens[0].Code != "open sesame" || shown.Serial != "1" {
		t.Errorf("the code is %q of %+v", r.Tokens[0].Code, shown)
	}
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil) // nobody is asked
	var list wire.TokenListResult
	b.must(t, nobody, wire.MethodTokenList, nil, &list)
	if o := list.Tokens[0].OATH; !o.Protected || o.Locked {
		t.Errorf("got %+v", list.Tokens[0])
	}
	for _, applet := range inventory.Applets(b.access.Opened()) {
		if applet.Name != r.Tokens[0].Applet || applet.Serial != "1" || applet.Model != "YubiKey 5 NFC" {
			t.Errorf("remembered as %+v", applet)
		}
	}

	b.must(t, nobody, wire.MethodTokenProtect, protect("1", wire.ProtectForget), &shown)
	if shown.Serial != "1" || shown.Model != "YubiKey 5 NFC" {
		t.Errorf("forgot that of %+v", shown)
	}
	b.refused(t, nobody, errcode.NoItem, wire.MethodTokenProtect, protect("1", wire.ProtectForget))
	b.must(t, nobody, wire.MethodTokenList, nil, &list)
	if !list.Tokens[0].OATH.Locked {
		t.Error("the list looked into an applet whose code was forgotten")
	}
	b.refused(t, accessCode("wrong"), errcode.AccessCode, wire.MethodTokenProtect, protect("", wire.ProtectRemember))
	b.must(t, p, wire.MethodTokenProtect, protect("", wire.ProtectRemember), nil)
	b.must(t, accessCode("another"), wire.MethodTokenProtect, protect("1", wire.ProtectSet), nil) // by the one that is remembered
	b.must(t, nobody, wire.MethodTokenProtect, protect("1", wire.ProtectRemove), nil)
	if r.Tokens[0].Code != "" || len(inventory.Applets(b.access.Opened())) != 0 {
		t.Errorf("the code is %q, and %d are remembered", r.Tokens[0].Code, len(inventory.Applets(b.access.Opened())))
	}
	b.refused(t, nobody, errcode.BadRequest, wire.MethodTokenProtect, protect("1", wire.ProtectRemember))
	b.refused(t, nobody, errcode.BadRequest, wire.MethodTokenProtect, protect("1", "explode"))
	b.refused(t, accessCode(""), errcode.BadRequest, wire.MethodTokenProtect, protect("1", wire.ProtectSet))
}

// A reset gives the applet another ID: the old code is of no use then.
func TestAccessCodeFromBeforeAResetIsDropped(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1", "2")
	b.must(t, accessCode("one"), wire.MethodTokenProtect, protect("1", wire.ProtectSet), nil)
	b.must(t, accessCode("two"), wire.MethodTokenProtect, protect("2", wire.ProtectSet), nil)
	b.refused(t, nobody, errcode.BadRequest, wire.MethodTokenProtect, protect("", wire.ProtectForget)) // which one?
	r.Tokens[0].Applet, r.Tokens[0].Code = "00000000000000ff", ""
	b.must(t, accessCode("new"), wire.MethodTokenProtect, protect("1", wire.ProtectSet), nil)
	var names []string
	for _, item := range inventory.Applets(b.access.Opened()) {
		names = append(names, item.Name)
	}
	if slices.Sort(names); !slices.Equal(names, []string{r.Tokens[1].Applet, r.Tokens[0].Applet}) {
		t.Errorf("remembered are %q", names)
	}
}

// With an access code that only the person knows, moving asks for it.
func TestUnknownAccessCodeIsAskedFor(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	r.Tokens[0].Code = "sesame"
	b.must(t, accessCode("sesame"), wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), OnToken: true}, nil)
	b.refused(t, nobody, errcode.NoPrompt, wire.MethodCode, wire.NameParams{Name: "phone"})
	b.must(t, accessCode("sesame"), wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
	b.refused(t, nobody, errcode.NoPrompt, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"})
	b.must(t, accessCode("sesame"), wire.MethodDeviceRemove, wire.NameParams{Name: "phone"}, nil)
}

// A listing that fails is no word about what is on the token.
func TestListingThatFailedDoesNotSayThatASecretIsGone(t *testing.T) {
	var held inventory.Held
	held.PlaceOn(inventory.Placement{Tokens: []string{"1"}, Credential: "mfad:phone"})
	for name, o := range map[string]*token.OATH{"failed": {Unlisted: true}, "locked": {Locked: true}, "no applet": nil} {
		if got := pointed(token.Token{Serial: "1", OATH: o}, held, "seed"); !slices.Equal(got, []string{"seed"}) {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := pointed(token.Token{Serial: "1", OATH: &token.OATH{}}, held, "seed"); !slices.Equal(got, []string{"seed: it is not there any more"}) {
		t.Errorf("listed, and not there: got %q", got)
	}
}
