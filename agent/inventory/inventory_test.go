package inventory

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/keystore"
)

// emptyVault is a vault that is unlocked, and has nothing in it.
func emptyVault(t *testing.T) *keystore.Vault {
	t.Helper()
	recipient, text, err := keystore.NewRecovery()
	if err != nil {
		t.Fatal(err)
	}
	text.Destroy()
	v, err := keystore.Create(t.TempDir(), []keystore.SlotSpec{{Kind: keystore.SlotRecovery, Recipient: recipient}},
		keystore.Options{Hold: time.Hour, OneWayIn: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

// A vault of years ago is read by what its facts are called.
func TestRecordsAreWrittenAsTheyAlwaysWere(t *testing.T) {
	device := Device{Serial: "arn", Issuer: "AWS", Account: "alice", Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}
	device.Name = "phone"
	moved := device
	moved.PlaceOn(Placement{Tokens: []string{"1", "2"}, Credential: "mfad:phone", Touch: true})
	key := NewKey("base", "AKIA")
	movedKey := key
	movedKey.PlaceOn(Placement{Tokens: []string{"1"}, Credential: "mfad-key:AKIA"})
	applet := NewApplet("00ff")
	applet.Serial, applet.Model, applet.Token = "1", "YubiKey", "YubiKey (serial 1)"
	v := emptyVault(t)
	trust := TrustOf(v, "AKIA")
	trust.Endpoints = []string{"https://a", "https://b"}
	settings := SettingsOf(v, -time.Second)
	seed := map[string]string{
		"serial": "arn", "issuer": "AWS", "account": "alice", "algorithm": "SHA1", "digits": "6", "periodSeconds": "30",
	}
	seedOnTokens := map[string]string{"tokens": "1 2", "credential": "mfad:phone", "touch": "yes"}
	maps.Copy(seedOnTokens, seed)
	for _, row := range []struct {
		record Record
		want   keystore.Item
	}{
		{&device, keystore.Item{Kind: "totp", Name: "phone", Facts: seed}},
		{&moved, keystore.Item{Kind: "oath", Name: "phone", Facts: seedOnTokens}},
		{&key, keystore.Item{Kind: "access-key", Name: "base", Facts: map[string]string{"accessKeyId": "AKIA"}}},
		{&movedKey, keystore.Item{Kind: "oath-key", Name: "base", Facts: map[string]string{
			"accessKeyId": "AKIA", "tokens": "1", "credential": "mfad-key:AKIA",
		}}},
		{&applet, keystore.Item{Kind: "oath-access", Name: "00ff", Facts: map[string]string{
			"serial": "1", "model": "YubiKey", "token": "YubiKey (serial 1)",
		}}},
		{&trust, keystore.Item{Kind: "trust", Name: "AKIA", Facts: map[string]string{"endpoints": "https://a https://b"}}},
		{&settings, keystore.Item{Kind: "settings", Name: "hold", Facts: map[string]string{"seconds": "-1"}}},
	} {
		if diff := cmp.Diff(row.want, item(row.record)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRecordIsReadAsItWasStored(t *testing.T) {
	v := emptyVault(t)
	device := Device{Serial: "arn:aws:iam::123456789012:mfa/alice", Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}
	device.Name = "phone"
	if err := Store(v, &device, []byte("seed")); err != nil {
		t.Fatal(err)
	}
	read, err := FindDevice(v, device.Serial)
	if err != nil {
		t.Fatal(err)
	}
	moved := read
	moved.PlaceOn(Placement{Tokens: []string{"1"}, Credential: "mfad:phone", Touch: true})
	if err := Store(v, &moved, nil); err != nil {
		t.Fatal(err)
	}
	if moved.ID() == read.ID() || len(Devices(v)) != 1 {
		t.Errorf("of %d devices, %q became %q", len(Devices(v)), read.ID(), moved.ID())
	}
	now, found := DeviceNamed(v, "phone")
	if diff := cmp.Diff(moved, now, cmp.AllowUnexported(Held{}, Entry{})); !found || diff != "" {
		t.Error(diff)
	}
	if _, same := Reread[Device](v, read.Entry); same {
		t.Error("what was replaced is there still")
	}
	trust := TrustOf(v, "AKIA")
	for _, endpoints := range [][]string{{"https://a"}, {"https://a", "https://b"}} {
		trust.Endpoints = endpoints
		if err := StoreFacts(v, &trust); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(endpoints, TrustOf(v, "AKIA").Endpoints); diff != "" {
			t.Error(diff)
		}
	}
}

// The model was not a fact of its own once.
func TestModelOfAnOlderAppletIsRead(t *testing.T) {
	v := emptyVault(t)
	for id, facts := range map[string]map[string]string{
		"01": {"serial": "7", "token": "YubiKey 5 (serial 7)"},
		"02": {"token": "a reader"},
	} {
		if _, err := v.Put(keystore.Item{Kind: keystore.KindOATHAccess, Name: id, Facts: facts}, []byte("key")); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]string{"01": "YubiKey 5", "02": "a reader"} {
		if a, found := AppletNamed(v, id); !found || a.Model != want {
			t.Errorf("got %+v", a)
		}
	}
	if found := Applets(v, "7"); len(found) != 1 || found[0].Name != "01" {
		t.Errorf("by its serial %+v", found)
	}
}

func TestIdentityThatCannotBeANameIsTrustedAsADigest(t *testing.T) {
	name := trustName("process /usr/bin/sh -c 'something long'")
	if !strings.HasPrefix(name, "sha256:") || len(name) > 64 {
		t.Errorf("got %q", name)
	}
	if keyID := "AKIAIOSFODNN7EXAMPLE"; trustName(keyID) != keyID {
		t.Error("an access key id is a name")
	}
}
