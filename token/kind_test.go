package token_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"filippo.io/age/plugin"
	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token"
)

func kind(t *testing.T, name string) token.Kind {
	t.Helper()
	k, known := token.Known.Find(name)
	if !known {
		t.Fatalf("no kind %q", name)
	}
	return k
}

func pivIdentity(serial uint32) string {
	return plugin.EncodeIdentity(token.PluginName, binary.BigEndian.AppendUint32([]byte{token.IdentityPIV}, serial))
}

func fido2Identity() string {
	return plugin.EncodeIdentity(token.PluginName, []byte{token.IdentityFIDO2, 7})
}

func TestKindsAreFoundByName(t *testing.T) {
	for _, k := range token.Known {
		if got := kind(t, k.Name()); got != k {
			t.Errorf("%s: got %v", k.Name(), got)
		}
	}
	if k, known := token.Known.Find("godot"); known {
		t.Errorf("got %v", k)
	}
}

func TestFIDO2KeyTakesItsOwnParametersAlone(t *testing.T) {
	for _, row := range []struct {
		p    token.KeyParams
		want string
	}{
		{token.KeyParams{}, ""},
		{token.KeyParams{Token: "/dev/hidraw1", PIN: "always"}, ""},
		{token.KeyParams{PIN: "never"}, ""},
		{token.KeyParams{PIN: "once"}, `the PIN of a FIDO2 key is wanted always or never, not "once"`},
		{token.KeyParams{Touch: "never"}, "a FIDO2 key has no PIV slot, and always wants a touch"},
		{token.KeyParams{Slot: "82"}, "a FIDO2 key has no PIV slot, and always wants a touch"},
	} {
		got := ""
		if err := kind(t, token.KindFIDO2).Check(row.p); err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%+v: got %q, want %q", row.p, got, row.want)
		}
	}
}

// The facts stand in vaults: another name or value is another format.
func TestFactsOfASlotAreThoseOfOldVaults(t *testing.T) {
	if got := []string{token.FactIdentity, token.FactModel, token.FactSerial}; !slices.Equal(got, []string{"identity", "token", "serial"}) {
		t.Errorf("got %q", got)
	}
	piv := token.NewKey{Key: &token.PIVKey{Slot: "82", PIN: "once", Touch: "cached"}}
	fido2 := token.NewKey{Token: token.Token{FIDO2: &token.FIDO2{AAGUID: "2fc0"}}}
	for _, row := range []struct {
		kind string
		p    token.KeyParams
		made token.NewKey
		want map[string]string
	}{
		{token.KindPIV, token.KeyParams{PIN: "always"}, piv, map[string]string{"slot": "82", "pin": "once", "touch": "cached"}},
		{token.KindPIV, token.KeyParams{}, token.NewKey{}, nil},
		{token.KindFIDO2, token.KeyParams{}, fido2, map[string]string{"aaguid": "2fc0", "pin": "never", "touch": "always"}},
		{token.KindFIDO2, token.KeyParams{PIN: "always"}, token.NewKey{}, map[string]string{"pin": "always", "touch": "always"}},
	} {
		if diff := cmp.Diff(row.want, kind(t, row.kind).Facts(row.p, row.made)); diff != "" {
			t.Errorf("%s\n%s", row.kind, diff)
		}
	}
}

func TestKindsTellWhichTokensMayHaveAKey(t *testing.T) {
	const identity = "identity"
	piv := map[string]string{identity: pivIdentity(12345678), "slot": "82"}
	fido2 := map[string]string{identity: fido2Identity(), "aaguid": "2fc0"}
	point := append([]byte{2}, make([]byte, 32)...)
	nameless := map[string]string{identity: plugin.EncodeIdentity(token.PluginName,
		append([]byte{token.IdentityPIV, 0, 0, 0, 0, 0x82}, point...)), "slot": "82"}
	matching := &token.PIV{Version: "5.7.1", Keys: []token.PIVKey{{Slot: "82", Recipient: plugin.EncodeRecipient("yubikey", point)}}}
	empty := &token.PIV{Version: "5.7.1"}
	full := &token.PIV{Version: "5.7.1", Keys: []token.PIVKey{{Slot: "82"}}}
	for name, row := range map[string]struct {
		kind    string
		facts   map[string]string
		t       token.Token
		mayOpen bool
		keeps   bool
		remark  string
	}{
		"its serial":          {token.KindPIV, piv, token.Token{Serial: "12345678", PIV: full}, true, true, ""},
		"its serial, unread":  {token.KindPIV, piv, token.Token{Serial: "12345678"}, true, true, ""},
		"its serial, reset":   {token.KindPIV, piv, token.Token{Serial: "12345678", PIV: empty}, true, true, ": its key is not there any more"},
		"another serial":      {token.KindPIV, piv, token.Token{Serial: "1", PIV: full}, false, false, ""},
		"none, with the key":  {token.KindPIV, nameless, token.Token{PIV: matching}, true, true, ""},
		"none, another key":   {token.KindPIV, nameless, token.Token{PIV: full}, true, false, ""},
		"none, and no applet": {token.KindPIV, nameless, token.Token{}, false, false, ""},
		"none is wanted":      {token.KindPIV, nameless, token.Token{Serial: "1", PIV: full}, false, false, ""},
		"a serial is wanted":  {token.KindPIV, piv, token.Token{PIV: full}, false, false, ""},
		"no serial":           {token.KindPIV, map[string]string{identity: "odd"}, token.Token{PIV: full}, false, false, ""},
		"its make": {
			token.KindFIDO2, fido2,
			token.Token{FIDO2: &token.FIDO2{AAGUID: "2fc0", HMACSecret: true}},
			true, true, ", with this key or another of its make",
		},
		"another make": {token.KindFIDO2, fido2, token.Token{FIDO2: &token.FIDO2{AAGUID: "1", HMACSecret: true}}, true, false, ""},
		"unable":       {token.KindFIDO2, fido2, token.Token{FIDO2: &token.FIDO2{AAGUID: "1"}}, false, false, ""},
		"no FIDO2 key": {token.KindFIDO2, fido2, token.Token{Serial: "12345678"}, false, false, ""},
	} {
		k := kind(t, row.kind)
		if got := k.MayOpen(row.t, row.facts); got != row.mayOpen {
			t.Errorf("%s: may open is %v", name, got)
		}
		if remark, keeps := k.Keeps(row.t, row.facts); keeps != row.keeps || remark != row.remark {
			t.Errorf("%s: keeps is %v, with %q", name, keeps, remark)
		}
	}
}

// Before 5.3 a key without a certificate is not seen, though it is there.
func TestOldAppletsAreNotSaidToHaveLostAKey(t *testing.T) {
	facts := map[string]string{"identity": pivIdentity(1), "slot": "82"}
	partial := token.Token{Serial: "1", PIV: &token.PIV{Version: "5.7.0", Partial: true}}
	if remark, keeps := kind(t, token.KindPIV).Keeps(partial, facts); !keeps || remark != "" {
		t.Errorf("of another maker: got %v, %q", keeps, remark)
	}
	for version, want := range map[string]bool{"4.3.5": true, "5.2.7": true, "5.3.0": false, "5.10.1": false, "6.0": false, "": true} {
		remark, keeps := kind(t, token.KindPIV).Keeps(token.Token{Serial: "1", PIV: &token.PIV{Version: version}}, facts)
		if !keeps || (remark == "") != want {
			t.Errorf("version %q: got %v, %q", version, keeps, remark)
		}
	}
}

func TestSlotThatAsksNobodyIsNotGuarded(t *testing.T) {
	for _, row := range []struct {
		kind, pin, touch string
		want             bool
	}{
		{token.KindPIV, "once", "never", true},
		{token.KindPIV, "always", "never", true},
		{token.KindPIV, "never", "always", true},
		{token.KindPIV, "never", "cached", false}, // a touch for another act would do
		{token.KindPIV, "never", "never", false},
		{token.KindPIV, "", "", false},
		{token.KindPIV, "odd", "odd", false},
		{token.KindFIDO2, "never", "always", true},
	} {
		if got := kind(t, row.kind).Guarded(map[string]string{"pin": row.pin, "touch": row.touch}); got != row.want {
			t.Errorf("%+v: got %v", row, got)
		}
	}
}
