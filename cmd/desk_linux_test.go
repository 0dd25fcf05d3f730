package cmd_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/token/tokentest"
)

// desk is a home whose machine has a smart card service of its own, with
// virtual YubiKeys in its readers.
type desk struct {
	*home
	readers *tokentest.Service
	keys    []*tokentest.YubiKey // in the reader of the same number, at first
}

// newDesk plugs in a YubiKey per serial number, and starts an agent that finds them.
func newDesk(tb testing.TB, serials ...uint32) *desk {
	tb.Helper()
	readers, err := tokentest.StartService(tokentest.Options{Readers: max(1, len(serials))})
	if err != nil {
		tb.Fatalf("%v (run `sh .ci/deps test`)", err)
	}
	tb.Cleanup(func() {
		if err := readers.Close(); err != nil {
			tb.Error(err)
		}
	})
	d := &desk{home: newHome(tb), readers: readers}
	for i, serial := range serials {
		d.keys = append(d.keys, tokentest.NewYubiKey(tokentest.YubiKeyOptions{Serial: serial}))
		d.insert(i)
	}
	d.env = append(d.env, "PCSCLITE_CSOCK_NAME="+readers.Socket)
	return d
}

// start starts the agent by hand: an agent that starts on demand is not told
// where the private smart card service listens.
func (d *desk) start() *desk {
	d.Helper()
	d.do("", "agent", "start")
	return d
}

func (d *desk) insert(i int) {
	d.Helper()
	if err := d.readers.Insert(i, d.keys[i]); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) pull(i int) {
	d.Helper()
	if err := d.readers.Remove(i); err != nil {
		d.Fatal(err)
	}
}

// vault is what can be said of the vault.
func (h *home) vault() wire.Vault {
	h.Helper()
	var v wire.Vault
	if err := json.Unmarshal([]byte(h.do("", "vault", "show", "--json")), &v); err != nil {
		h.Fatal(err)
	}
	return v
}

// slots are the ways into the vault of one kind.
func (h *home) slots(kind string) []wire.Slot {
	h.Helper()
	var found []wire.Slot
	for _, slot := range h.vault().Slots {
		if slot.Kind == kind {
			found = append(found, slot)
		}
	}
	return found
}

// addSlot adds a way in and returns it. A YubiKey's PIN is at hand for the proof
// that it opens.
func (h *home) addSlot(kind string, flags ...string) wire.Slot {
	h.Helper()
	before := len(h.slots(kind))
	h.do(passphrase+"\n123456\n", append([]string{"vault", "slot", "add", kind, "--passphrase-stdin"}, flags...)...)
	slots := h.slots(kind)
	if len(slots) != before+1 {
		h.Fatalf("%d %s slots after adding one to %d", len(slots), kind, before)
	}
	return slots[before]
}

// slotFile is the age file of a slot.
func (h *home) slotFile(slot wire.Slot) string {
	return h.path(filepath.Join(".local/share/mfad/vaults/default/slots", slot.ID+".age"))
}
