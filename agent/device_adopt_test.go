package agent

import (
	"slices"
	"testing"

	"github.com/mfad/mfad/agent/tokenrack"
	"github.com/mfad/mfad/agent/wire"
)

const (
	adoptedName = "Amazon Web Services:alice"
	adoptedURI  = "otpauth://totp/Amazon%20Web%20Services:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Amazon%20Web%20Services"
)

// foreign is a bench whose token has an account that somebody put there by another
// program, and a vault that was told of it.
func foreign(t *testing.T) (*bench, *tokenrack.Stick) {
	t.Helper()
	b := openBench(t)
	r := b.withTokens(t, "1")
	k := r.Tokens[0]
	k.Credentials[adoptedName] = &tokenrack.Credential{Name: adoptedName, Algorithm: "SHA1", Digits: 6, Key: []byte("12345678901234567890")}
	var added wire.DeviceAddResult
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(adoptedURI), OnToken: true}, &added)
	if d := added.Devices[0]; !d.Adopted || !slices.Equal(k.Names(), []string{adoptedName}) {
		t.Fatalf("%+v; the token has %q", d, k.Names())
	}
	return b, k
}

func TestAccountOfThePersonStaysWhenItsDeviceIsRemoved(t *testing.T) {
	b, k := foreign(t)
	var gone wire.RemoveResult
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"}, &gone)
	if !slices.Equal(gone.Kept, []string{"1"}) || gone.Credential != adoptedName || len(k.Credentials) != 1 {
		t.Errorf("%+v; the token has %q", gone, k.Names())
	}
}

func TestAccountOfThePersonIsErasedWhenAsked(t *testing.T) {
	b, k := foreign(t)
	var gone wire.RemoveResult
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "phone", Erase: true}, &gone)
	if len(gone.Kept) > 0 || len(k.Credentials) != 0 {
		t.Errorf("%+v; the token has %q", gone, k.Names())
	}
}

func TestAccountOfThePersonStaysWhenItsDeviceIsReplaced(t *testing.T) {
	b, k := foreign(t)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed), Replace: true, OnToken: true}, nil)
	if !slices.Contains(k.Names(), adoptedName) || len(k.Credentials) != 2 {
		t.Errorf("the token has %q", k.Names())
	}
}

// What mfad put there itself goes, as ever.
func TestAccountOfMfadIsErasedWithItsDevice(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	add := wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(adoptedURI), OnToken: true}
	var added wire.DeviceAddResult
	b.must(t, nobody, wire.MethodDeviceAdd, add, &added)
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"}, nil)
	if added.Devices[0].Adopted || len(r.Tokens[0].Credentials) > 0 {
		t.Errorf("%+v; the token has %q", added.Devices[0], r.Tokens[0].Names())
	}
	// A name that mfad alone gives is mfad's, also if it was there before.
	own := "mfad:phone"
	r.Tokens[0].Credentials[own] = &tokenrack.Credential{Name: own, Algorithm: "SHA1", Digits: 6, Key: []byte("12345678901234567890")}
	add.Seed = []byte("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	b.must(t, nobody, wire.MethodDeviceAdd, add, &added)
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"}, nil)
	if added.Devices[0].Adopted || len(r.Tokens[0].Credentials) > 0 {
		t.Errorf("%+v; the token has %q", added.Devices[0], r.Tokens[0].Names())
	}
}
