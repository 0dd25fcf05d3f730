package agent

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

const mobileSerial = "arn:aws:iam::123456789012:mfa/mobile"

func TestKeyIsRenamedAndTheSettingsThatNameItAreTold(t *testing.T) {
	b := openByItself(t)
	b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "other", AccessKeyID: otherID, Secret: []byte(secretKey)}, nil)
	b.write(t, "[profile prod]\nmfad_access_key = base\n[profile role]\nrole_arn = arn:aws:iam::123456789012:role/x\n"+
		"source_profile = base\n[profile on]\nrole_arn = arn:aws:iam::123456789012:role/y\nsource_profile = prod\n")
	rename := func(name, to string) wire.RenameParams { return wire.RenameParams{Name: name, To: to} }
	b.refused(t, nobody, errcode.NoKey, wire.MethodKeyRename, rename("none", "x"))
	b.refused(t, nobody, errcode.ItemExists, wire.MethodKeyRename, rename("base", "other"))
	b.refused(t, nobody, errcode.ItemExists, wire.MethodKeyRename, rename("base", otherID))
	b.refused(t, nobody, errcode.BadRequest, wire.MethodKeyRename, rename("base", "a b"))
	if len(b.desk.asked) > 0 {
		t.Errorf("the person was asked for what cannot be: %q", b.desk.asked)
	}

	b.desk.sit(true)
	var got wire.KeyRenameResult
	b.must(t, nobody, wire.MethodKeyRename, rename("base", "work"), &got)
	var uses []string
	for _, use := range got.Uses {
		uses = append(uses, use.Name+" "+use.Text+" "+use.From[strings.LastIndex(use.From, ":"):])
	}
	if diff := cmp.Diff([]string{"on base :2", "prod base :2", "role base :5"}, slices.Sorted(slices.Values(uses))); diff != "" {
		t.Error(diff)
	}
	b.restart(t)
	if got.Key.Name != "work" || got.Key.AccessKeyID != keyID {
		t.Errorf("key %+v", got.Key)
	}
	b.refused(t, nobody, errcode.NoKey, wire.MethodKeyRemove, wire.NameParams{Name: "base"})
	if key, err := b.keys.AccessKey(t.Context(), "work", nobody.asker()); err != nil || string(key.Secret) != secretKey {
		t.Errorf("the key by its new name: %v", err)
	}
}

func TestDeviceIsKnownByOneNameAndOneSerial(t *testing.T) {
	b := openByItself(t)
	b.desk.sit(true)
	r := b.withTokens(t, "1")
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "fob", Seed: []byte(seed), OnToken: true}, nil)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{
		Name: "site", Seed: []byte("otpauth://totp/a?digits=8&secret=" + seed),
	}, nil)
	set := func(name, serial string) wire.DeviceSetParams {
		return wire.DeviceSetParams{Name: name, Serial: serial}
	}
	rename := func(name, to string) wire.RenameParams { return wire.RenameParams{Name: name, To: to} }

	b.refused(t, nobody, errcode.ItemExists, wire.MethodDeviceRename, rename("phone", "fob"))
	b.refused(t, nobody, errcode.ItemExists, wire.MethodDeviceRename, rename("fob", serial))
	b.refused(t, nobody, errcode.NoItem, wire.MethodDeviceRename, rename("none", "x"))
	b.refused(t, nobody, errcode.ItemExists, wire.MethodDeviceSet, set("fob", serial))
	b.refused(t, nobody, errcode.NoItem, wire.MethodDeviceSet, set("none", mobileSerial))
	b.refused(t, nobody, errcode.BadRequest, wire.MethodDeviceSet, set("fob", "arn:aws:iam::123456789012:u2f/user/a/b"))
	b.refused(t, nobody, errcode.BadSeed, wire.MethodDeviceSet, set("site", mobileSerial))

	b.desk.sit(false) // to give one to a device that has none is what adding it with one is
	var d wire.Device
	b.must(t, nobody, wire.MethodDeviceSet, set("fob", mobileSerial), &d)
	b.refused(t, nobody, errcode.Unproven, wire.MethodDeviceSet, set("fob", mobileSerial+"2"))
	b.desk.sit(true)
	b.must(t, nobody, wire.MethodDeviceRename, rename(mobileSerial, "mobile"), &d)
	if d.Name != "mobile" || d.Serial != mobileSerial || !slices.Equal(d.Tokens, []string{"1"}) {
		t.Errorf("device %+v", d)
	}
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "mobile"}, nil)
	if got := r.Tokens[0].Names(); len(got) != 1 {
		t.Errorf("the token holds %q", got)
	}
	d = wire.Device{}
	b.must(t, nobody, wire.MethodDeviceSet, set("mobile", ""), &d)
	if d.Serial != "" {
		t.Errorf("device %+v", d)
	}
}

// Whatever a device is called, and whether it stands in the vault or comes again with
// the same seed: a code that has left does not leave again.
func TestNewNameGivesNoCodeAgain(t *testing.T) {
	steps := map[string]func(t *testing.T, b *bench){
		"a serial": func(t *testing.T, b *bench) {
			b.must(t, nobody, wire.MethodDeviceSet, wire.DeviceSetParams{Name: "site", Serial: mobileSerial}, nil)
		},
		"another name": func(t *testing.T, b *bench) {
			b.must(t, nobody, wire.MethodDeviceRename, wire.RenameParams{Name: "site", To: "x"}, nil)
			b.must(t, nobody, wire.MethodDeviceRename, wire.RenameParams{Name: "x", To: "site"}, nil)
		},
		"added again with a serial": func(t *testing.T, b *bench) {
			b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{
				Name: "site", Serial: mobileSerial, Seed: []byte(seed), Replace: true,
			}, nil)
		},
		"added again onto a token": func(t *testing.T, b *bench) {
			b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "site", Seed: []byte(seed), Replace: true, OnToken: true}, nil)
		},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := openBench(t)
				b.withTokens(t, "1")
				b.desk.sit(true)
				b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "site", Seed: []byte(seed)}, nil)
				var first, second wire.Code
				b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "site"}, &first)
				step(t, b)
				before := time.Now()
				b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "site"}, &second)
				if second.Digits == first.Digits || time.Since(before) == 0 {
					t.Error("the same code left twice")
				}
			})
		})
	}
}
