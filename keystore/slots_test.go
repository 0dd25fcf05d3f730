package keystore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/mfad/mfad/keystore/plugintest"
)

func passphraseSpec(t *testing.T, pass string) SlotSpec {
	t.Helper()
	r, err := PassphraseRecipient([]byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	return SlotSpec{Kind: SlotPassphrase, Recipient: r}
}

func TestAddSlotRewritesNoItem(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	item := f.put(t, "phone", "one")
	before, err := os.ReadFile(filepath.Join(f.dir, item.File()))
	if err != nil {
		t.Fatal(err)
	}
	slot, err := f.AddSlot(passphraseSpec(t, "correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(f.dir, item.File()))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the item was rewritten: %v", err)
	}
	f.reopen(t)
	for pass, want := range map[string]error{"correct horse": nil, "Correct horse": ErrWrongPassphrase} {
		id, err := PassphraseIdentity([]byte(pass))
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, f.Unlock(t.Context(), slot.ID, id), want)
	}
	if f.read(t, item.ID) != "one" {
		t.Error("the new slot leads to another identity")
	}
}

func TestRemoveSlotKeepsTwoWaysInUnlessAllowed(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	spec := passphraseSpec(t, "correct horse")
	third, err := f.AddSlot(spec)
	if err != nil {
		t.Fatal(err)
	}
	slots := f.Slots()
	if err := f.RemoveSlot(third.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(f.dir, third.File())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the removed slot's file: %v", err)
	}
	wantError(t, f.RemoveSlot(third.ID, true), ErrNoSlot)
	wantError(t, f.Unlock(t.Context(), third.ID, f.recovery), ErrNoSlot)
	wantError(t, f.RemoveSlot(slots[1].ID, false), ErrLastSlot)
	if err := f.RemoveSlot(slots[1].ID, true); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.RemoveSlot(slots[0].ID, true), ErrLastSlot)
	f.reopen(t)
	f.unlock(t)
}

func TestAddSlotRefusesWhatAManifestDoesNotTake(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	spec := passphraseSpec(t, "correct horse")
	spec.Label = "a\nb"
	_, err := f.AddSlot(spec)
	wantError(t, err, ErrInvalid)
	spec.Label, spec.Kind = "", "../x"
	_, err = f.AddSlot(spec)
	wantError(t, err, ErrInvalid)
	f.Lock()
	_, err = f.AddSlot(passphraseSpec(t, "correct horse"))
	wantError(t, err, ErrLocked)
	wantError(t, f.RemoveSlot(f.Slots()[0].ID, true), ErrLocked)
	if files, _ := os.ReadDir(filepath.Join(f.dir, slotsDir)); len(files) != 2 {
		t.Errorf("slots on the disk: %v", files)
	}
}

// TestScryptWorkIsCappedOnRead keeps a forged slot from asking for gigabytes.
func TestScryptWorkIsCappedOnRead(t *testing.T) {
	file, err := encrypt([]byte("x"), passphraseSpec(t, "correct horse").Recipient)
	if err != nil {
		t.Fatal(err)
	}
	id, err := PassphraseIdentity([]byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	greedy := bytes.Replace(file, []byte(" 10\n"), []byte(" 21\n"), 1)
	if bytes.Equal(greedy, file) {
		t.Fatal("the work factor is not where it was expected")
	}
	if _, err := decrypt(greedy, id); err == nil || errors.Is(err, age.ErrIncorrectIdentity) {
		t.Errorf("a slot with a work factor of 21: %v", err)
	}
}

func TestEmptyPassphraseIsRefused(t *testing.T) {
	_, err := PassphraseRecipient(nil)
	wantError(t, err, ErrInvalid)
	_, err = PassphraseIdentity(nil)
	wantError(t, err, ErrWrongPassphrase)
}

func TestParseRecoveryTakesWhatAPersonTypes(t *testing.T) {
	_, key, err := NewRecovery()
	if err != nil {
		t.Fatal(err)
	}
	text := string(key.Bytes())
	for name, typed := range map[string]string{
		"as shown":    text,
		"newline":     text + "\n",
		"lower case":  strings.ToLower(text),
		"in groups":   text[:20] + " " + text[20:40] + "\r\n\t" + text[40:],
		"age-keygen":  "# created: 2026-01-01\n# public key: age1x\n" + text + "\n",
		"two of them": text + text,
		"wrong digit": text[:30] + "B" + text[31:],
		"short":       text[:len(text)-1],
		"empty":       "",
		"words":       "correct horse battery staple",
	} {
		_, err := ParseRecovery([]byte(typed))
		switch name {
		case "two of them", "wrong digit", "short", "empty", "words":
			if !errors.Is(err, ErrWrongPassphrase) {
				t.Errorf("%s: %v", name, err)
			} else if len(typed) > 5 && strings.Contains(strings.ToUpper(err.Error()), strings.ToUpper(typed[len(typed)-5:])) {
				t.Errorf("%s: the error quotes the key", name)
			}
		default:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// typing answers each question of a plugin with the same, and says yes.
func typing(answer string) *plugin.ClientUI {
	return &plugin.ClientUI{
		DisplayMessage: func(string, string) error { return nil },
		RequestValue:   func(string, string, bool) (string, error) { return answer, nil },
		Confirm:        func(_, _, _, _ string) (bool, error) { return true, nil },
	}
}

func TestPluginSlot(t *testing.T) {
	recipient, identity := plugintest.Install(t)
	for name, recipient := range map[string]string{"recipient": recipient, "identity alone": ""} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Options{Hold: -1})
			spec, err := PluginSlot(recipient, identity, typing(""))
			if err != nil {
				t.Fatal(err)
			}
			slot, err := f.AddSlot(spec)
			if err != nil {
				t.Fatal(err)
			}
			f.reopen(t)
			slot = f.Slots()[2]
			for pin, want := range map[string]error{plugintest.PIN: nil, "0000": ErrPlugin} {
				id, err := PluginIdentity(slot, typing(pin))
				if err != nil {
					t.Fatal(err)
				}
				err = f.Unlock(t.Context(), slot.ID, id)
				wantError(t, err, want)
				if want != nil && !strings.Contains(err.Error(), "2 tries left") {
					t.Errorf("the plugin's words are lost: %v", err)
				}
			}
		})
	}
}

func TestPluginSlotSaysWhatIsWrong(t *testing.T) {
	recipient, identity := plugintest.Install(t)
	_, err := PluginSlot("", "AGE-SECRET-KEY-1QQQ", nil)
	wantError(t, err, ErrPlugin)
	_, err = PluginSlot(strings.Replace(recipient, "mfad", "dafm", 1), identity, nil)
	wantError(t, err, ErrPlugin)

	f := newFixture(t, Options{Hold: -1})
	_, err = PluginIdentity(f.Slots()[0], nil)
	wantError(t, err, ErrPlugin)
	spec, err := PluginSlot(recipient, identity, typing(""))
	if err != nil {
		t.Fatal(err)
	}
	slot, err := f.AddSlot(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	id, err := PluginIdentity(slot, typing(plugintest.PIN))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{f.Unlock(t.Context(), slot.ID, id), second(f.AddSlot(spec))} {
		wantError(t, err, ErrPlugin)
		if !strings.Contains(err.Error(), "age-plugin-"+plugintest.Name+" is not in PATH") {
			t.Errorf("the person is not told what to install: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
