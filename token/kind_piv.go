package token

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age/plugin"
)

// KindPIV is the name of the kind of P-256 keys in the PIV applet. A key is in
// one of the retired slots; its policies are "always", "cached" and "never" for
// a touch ("always" is usual), "once", "always" and "never" for the PIN ("once"
// is usual), as in [PIVKey]. An identity tells its token's serial, its slot and
// its public key, so that to wrap takes no token.
const KindPIV = "piv"

// IdentityPIV is the first byte of an identity of a PIV key, before the serial,
// the slot and the public key.
const IdentityPIV byte = 1

// yubikeyPlugin is age-plugin-yubikey, whose identities are read too.
const yubikeyPlugin = "yubikey"

// The facts of a slot that a PIV key opens.
const (
	factSlot  = "slot"  // of the PIV applet
	factPIN   = "pin"   // the policies, as far as they are known
	factTouch = "touch" // of a FIDO2 key too
)

// pivKind is the PIV row of [Known].
type pivKind struct{}

var _ Kind = pivKind{}

func (pivKind) Name() string  { return KindPIV }
func (pivKind) Title() string { return "PIV" }

func (pivKind) Recognize(name string, data []byte) (serial string, ok bool) {
	var number uint32
	switch {
	case name == yubikeyPlugin && len(data) >= 4:
		number = binary.LittleEndian.Uint32(data) // age-plugin-yubikey writes it so
	case name == PluginName && len(data) >= 5 && data[0] == IdentityPIV:
		number = binary.BigEndian.Uint32(data[1:])
	default:
		return "", false
	}
	if number == 0 { // its token tells none
		return "", true
	}
	return strconv.FormatUint(uint64(number), 10), true
}

func (pivKind) Lanes(serial string) []string { return SerialLanes(serial) }

// Check leaves all to the driver: it depends on the token which policies there
// are.
func (pivKind) Check(KeyParams) error { return nil }

func (pivKind) Facts(_ KeyParams, made NewKey) map[string]string {
	k := made.Key
	if k == nil {
		return nil
	}
	return map[string]string{factSlot: k.Slot, factPIN: k.PIN, factTouch: k.Touch}
}

// Guarded: a touch that is cached may have been for another act.
func (pivKind) Guarded(facts map[string]string) bool {
	return slices.Contains([]string{"once", "always"}, facts[factPIN]) || facts[factTouch] == "always"
}

// MayOpen: one token without a serial looks like another.
func (k pivKind) MayOpen(t Token, facts map[string]string) bool {
	_, serial, err := Kinds{k}.Parse(facts[FactIdentity])
	return err == nil && t.Serial == serial && (serial != "" || t.PIV != nil)
}

func (k pivKind) Keeps(t Token, facts map[string]string) (remark string, ok bool) {
	if !k.MayOpen(t, facts) {
		return "", false
	}
	if t.Serial == "" { // only its key tells whether it is the one
		recipient := recipientOf(facts[FactIdentity])
		return "", slices.ContainsFunc(t.PIV.Keys, func(k PIVKey) bool { return recipient != "" && k.Recipient == recipient })
	}
	if !t.PIV.mayHave(facts[factSlot]) {
		remark = ": its key is not there any more"
	}
	return remark, true
}

// recipientOf is age-plugin-yubikey's name for the key of an identity of mfad;
// empty for that of another plugin, which does not tell its key.
func recipientOf(identity string) string {
	name, data, err := plugin.ParseIdentity(identity)
	const before = 1 + 4 + 1 // kind, serial, slot
	if err != nil || name != PluginName || len(data) <= before {
		return ""
	}
	return plugin.EncodeRecipient(yubikeyPlugin, data[before:])
}

// mayHave tells whether there is a key in a slot, as far as can be seen.
func (p *PIV) mayHave(slot string) bool {
	return p == nil || slot == "" || !p.showsAll() ||
		slices.ContainsFunc(p.Keys, func(k PIVKey) bool { return strings.EqualFold(k.Slot, slot) })
}

// showsAll says that the applet shows all its keys: before version 5.3 only
// those with a certificate are seen.
func (p *PIV) showsAll() bool {
	if p.Partial {
		return false
	}
	var major, minor int
	_, err := fmt.Sscanf(p.Version, "%d.%d", &major, &minor)
	return err == nil && (major > 5 || major == 5 && minor >= 3)
}
