package cmd_test

import (
	"strings"
	"testing"

	"github.com/mfad/mfad/token/tokentest/ctap"
)

// locks waits until the vault is locked.
func (d *desk) locks() {
	d.Helper()
	d.eventually(func() bool { return strings.Contains(d.do("", "vault", "show", "--json"), `"locked": true`) })
}

// newGuarded is a desk whose vault keeps a device and is opened by a PIV and a
// FIDO2 key.
func newGuarded(t *testing.T) (d *desk, key *ctap.Key) {
	t.Helper()
	d = newDesk(t, 12345678)
	key = d.plugFIDO2(ctap.Options{})
	d.env = append(d.env, "MFAD_FIDO2_DEVICES="+key.Path())
	d.start()
	d.initVault()
	d.addDevice("phone", d.phone)
	d.addSlot("piv", "--pin", "never", "--touch", "never")
	d.addSlot("fido2")
	d.do("", "lock")
	return d, key
}

func TestVaultLocksWhenItsTokenIsPulledOut(t *testing.T) {
	t.Parallel()
	d, key := newGuarded(t)
	agent := d.agentPID()
	for slot, pull := range map[string]func(){"piv": func() { d.pull(0) }, "fido2": key.Unplug} {
		d.do("", "unlock", "--slot", slot)
		pull()
		d.locks()
		expect(t, d.away(nil, "unlock", "--slot", slot), 4, "plug")
		d.eventually(func() bool { return len(children(t, agent)) == 0 })
	}
	d.insert(0)
	d.do("", "code", "phone") // which takes the token that is there again
}

// Nobody could tell that the token was pulled out.
func TestVaultLocksWhenItsTokenCannotBeWatched(t *testing.T) {
	t.Parallel()
	d, _ := newGuarded(t)
	for what, blind := range map[string]func(){"helper": d.killHelper, "pcscd": d.readers.Kill} {
		d.do("", "unlock", "--slot", "piv")
		d.eventually(func() bool { return len(children(t, d.agentPID())) == 1 })
		blind()
		d.locks()
		if what == "pcscd" {
			if err := d.readers.Restart(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A token guards what it opened, and nothing else; and it can be used meanwhile.
func TestVaultStaysOpenWithoutATokenThatDidNotOpenIt(t *testing.T) {
	t.Parallel()
	d, key := newGuarded(t)
	d.do("", "unlock", "--slot", "piv")
	d.eventually(func() bool { return len(children(t, d.agentPID())) == 1 })
	d.ykman("piv", "info")
	d.do("", "token", "list")
	key.Unplug()
	d.do(passphrase+"\n", "unlock", "--slot", "passphrase", "--passphrase-stdin")
	d.eventually(func() bool { return len(children(t, d.agentPID())) == 0 })
	d.pull(0)
	d.do("", "code", "phone")
}
