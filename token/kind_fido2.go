package token

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// KindFIDO2 is the name of the kind of FIDO2 credentials with hmac-secret, on
// any FIDO2 key. Each use takes a touch; the PIN is wanted "always" or "never"
// (which is usual). An identity does not tell its token: only a try does, and
// to wrap takes the token too.
const KindFIDO2 = "fido2"

// IdentityFIDO2 is the first byte of an identity of a FIDO2 key; token/fido2
// knows what follows.
const IdentityFIDO2 byte = 2

// hmacPlugin is age-plugin-fido2-hmac, whose identities are read too.
const hmacPlugin = "fido2-hmac"

// factMake is of a FIDO2 key: all of one make have the same.
const factMake = "aaguid"

// fido2Kind is the FIDO2 row of [Known].
type fido2Kind struct{}

var _ Kind = fido2Kind{}

func (fido2Kind) Name() string  { return KindFIDO2 }
func (fido2Kind) Title() string { return "FIDO2" }

func (fido2Kind) Recognize(plugin string, data []byte) (serial string, ok bool) {
	return "", plugin == hmacPlugin || plugin == PluginName && len(data) > 0 && data[0] == IdentityFIDO2
}

// Lanes: one for all FIDO2 keys, which stands beside those of the tokens that
// have a serial.
func (fido2Kind) Lanes(string) []string { return []string{KindFIDO2} }

func (fido2Kind) Check(p KeyParams) error {
	switch {
	case !slices.Contains([]string{"", "always", "never"}, p.PIN):
		return fmt.Errorf("the PIN of a FIDO2 key is wanted always or never, not %.20q", p.PIN)
	case p.Slot != "" || p.Touch != "":
		return errors.New("a FIDO2 key has no PIV slot, and always wants a touch")
	}
	return nil
}

func (fido2Kind) Facts(p KeyParams, made NewKey) map[string]string {
	facts := map[string]string{factPIN: cmp.Or(p.PIN, "never"), factTouch: "always"}
	if f := made.Token.FIDO2; f != nil {
		facts[factMake] = f.AAGUID
	}
	return facts
}

// Guarded: hmac-secret is not computed without a touch.
func (fido2Kind) Guarded(map[string]string) bool { return true }

// MayOpen: one FIDO2 key looks like another.
func (fido2Kind) MayOpen(t Token, _ map[string]string) bool {
	return t.FIDO2 != nil && t.FIDO2.HMACSecret
}

func (fido2Kind) Keeps(t Token, facts map[string]string) (remark string, ok bool) {
	if t.FIDO2 == nil || t.FIDO2.AAGUID != facts[factMake] {
		return "", false
	}
	return ", with this key or another of its make", true
}
