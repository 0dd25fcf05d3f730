//go:build cgo && linux

package piv

import (
	"crypto/ecdh"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
)

// silent are tokens that do not tell whether a slot without a certificate holds a
// key.
var silent = map[string]tokentest.YubiKeyOptions{
	"4.3.5":                  {Version: "4.3.5"},
	"5.2.7":                  {Version: "5.2.7"},
	"4.2.8, attests nothing": {Version: "4.2.8"},
}

// importKey has a foreign client put a key without a certificate into a slot.
func importKey(d *rig, slot string) {
	d.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private(d.t, vectors(d.t, typeTag)[0].Private))
	if err != nil {
		d.t.Fatal(err)
	}
	file := filepath.Join(d.t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.run("yubico-piv-tool", "-r", d.reader, "-a", "import-key", "-s", slot, "-i", file)
	d.ClearJournal()
}

func TestKeyThatTheTokenDoesNotShowIsNotOverwrittenUnasked(t *testing.T) {
	for name, options := range silent {
		for _, slot := range []string{"", "82"} {
			t.Run(name+" "+slot, func(t *testing.T) {
				d := newRig(t, options)
				if options.Quirks.NoSerial {
					d.token.Serial = ""
				}
				importKey(d, "82")
				before, ok := d.Key(0x82).(*ecdh.PrivateKey)
				if !ok {
					t.Fatal("no key was imported")
				}
				_, err := d.newKey(token.KeyParams{Slot: slot})
				if !errors.Is(err, token.ErrSlotUnseen) || !strings.Contains(err.Error(), "slot 82") {
					t.Errorf("got %v", err)
				}
				if !before.Equal(d.Key(0x82)) {
					t.Error("the key was overwritten")
				}
				if asked := d.person.Confirms; len(asked) != 1 || !strings.Contains(asked[0].What, "slot 82") || len(d.person.Secrets) > 0 {
					t.Errorf("asked %+v, and for %+v", asked, d.person.Secrets)
				}
				for _, e := range d.Journal() {
					if e.Command[1] == 0x47 || e.Command[1] == 0x87 {
						t.Errorf("it was sent %v", e)
					}
				}
			})
		}
	}
}

func TestSlotThatTheTokenDoesNotShowIsTakenOnThePersonsWord(t *testing.T) {
	for name, options := range silent {
		t.Run(name, func(t *testing.T) {
			d := newRig(t, options)
			if options.Quirks.NoSerial {
				d.token.Serial = ""
			}
			d.person.Yes = true
			i, _ := d.make(token.KeyParams{Slot: "83", Touch: "never"})
			if i.Slot != 0x83 || d.Key(0x83) == nil || len(d.person.Confirms) != 1 {
				t.Errorf("slot %02x, asked %+v", i.Slot, d.person.Confirms)
			}
			if err := d.unwrap(i); err != nil {
				t.Error(err)
			}
			// What is seen there is taken without a question.
			if again, _ := d.make(token.KeyParams{Slot: "83"}); again != i && !again.is(i.Public) || len(d.person.Confirms) != 1 {
				t.Errorf("another key; asked %+v", d.person.Confirms)
			}
			if next, _ := d.make(token.KeyParams{Touch: "never"}); next.Slot != 0x82 {
				t.Errorf("the next is in slot %02x", next.Slot)
			}
		})
	}
}

// Where piv-go makes no key, nobody is asked whether it may.
func TestTokenWithoutMetadataDespiteItsVersionGetsNoKey(t *testing.T) {
	for name, quirks := range map[string]tokentest.Quirks{
		"attests":         {NoMetadata: true},
		"attests nothing": {NoMetadata: true, NoAttestation: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newRig(t, tokentest.YubiKeyOptions{Quirks: quirks})
			d.person.Yes = true
			_, err := d.newKey(token.KeyParams{})
			if !errors.Is(err, token.ErrUnsupported) || !strings.Contains(err.Error(), "no GET METADATA") || len(d.person.Confirms) > 0 {
				t.Errorf("got %v, asked %+v", err, d.person.Confirms)
			}
			if d.Key(0x82) != nil {
				t.Error("a key was made")
			}
		})
	}
}

// A key that was made on the token attests, from 4.3 on, and so shows that its
// slot is taken.
func TestGeneratedKeyWithoutACertificateTakesItsSlot(t *testing.T) {
	d := newRig(t, tokentest.YubiKeyOptions{Version: "4.3.5"})
	d.run("yubico-piv-tool", "-r", d.reader, "-a", "generate", "-s", "82", "-A", "ECCP256")
	d.person.Yes = true
	if i, _ := d.make(token.KeyParams{}); i.Slot != 0x83 {
		t.Errorf("slot %02x", i.Slot)
	}
}

func TestTokenThatTellsIsBelieved(t *testing.T) {
	d := newRig(t, tokentest.YubiKeyOptions{})
	importKey(d, "82")
	if i, _ := d.make(token.KeyParams{}); i.Slot != 0x83 || len(d.person.Confirms) > 0 {
		t.Errorf("slot %02x, asked %+v", i.Slot, d.person.Confirms)
	}
	if _, err := d.newKey(token.KeyParams{Slot: "85"}); !errors.Is(err, token.ErrNoCredential) || d.Key(0x85) != nil {
		t.Errorf("an empty slot that was named: %v", err)
	}
}

func TestTokenWithFewerSlotsIsFull(t *testing.T) {
	for _, sw := range []uint16{0x6a86, 0x6a88, 0x6a84, 0x6b00} {
		d := newRig(t, tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{RetiredSlots: 2, WrongSlot: sw}})
		for want := byte(0x82); want < 0x84; want++ {
			if i, _ := d.make(token.KeyParams{}); i.Slot != want {
				t.Errorf("%04x: slot %02x", sw, i.Slot)
			}
		}
		_, err := d.newKey(token.KeyParams{})
		if !errors.Is(err, token.ErrFull) || strings.Contains(err.Error(), "may hold") {
			t.Errorf("%04x: %v", sw, err)
		}
	}
}
