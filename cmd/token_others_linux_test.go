package cmd_test

import (
	"testing"

	"github.com/mfad/mfad/token/tokentest"
)

// deskWith is a desk with one token that is no YubiKey of today.
func deskWith(t *testing.T, o tokentest.YubiKeyOptions) *desk {
	t.Helper()
	d := newDesk(t)
	d.keys = append(d.keys, tokentest.NewYubiKey(o))
	d.insert(0)
	d.start().initVault()
	return d
}

func TestTokenWithoutASerialOpensTheVault(t *testing.T) {
	t.Parallel()
	d := deskWith(t, tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{NoSerial: true}})
	d.addSlot("piv", "--pin", "never", "--touch", "always")
	d.opens("", "--slot", "piv")
	d.opens("")
	d.pull(0)
	d.do("", "lock")
	expect(t, d.mfad("", "unlock", "--slot", "piv"), 4, "token is not plugged in")
}

// Nobody is there to say that the slot is free, so nothing is made in it.
func TestOldFirmwareGetsNoKeyUnasked(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.3.5", "5.2.7"} {
		t.Run(version, func(t *testing.T) {
			d := deskWith(t, tokentest.YubiKeyOptions{Version: version})
			r := d.mfad(passphrase+"\n", "vault", "slot", "add", "--piv", "--passphrase-stdin")
			expect(t, r, 3, "does not tell whether a slot is free", "slot 82")
			if d.keys[0].Key(0x82) != nil || len(d.slots("piv")) > 0 {
				t.Error("a key was made")
			}
		})
	}
}
