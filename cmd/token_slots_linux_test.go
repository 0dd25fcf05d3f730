package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

// The stock age opens a slot with the plugin that is installed beside mfad, and
// with what is in the slot every item, without an agent.
func TestStockAgeOpensTheVaultByTokens(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678)
	d.env = append(d.env, "MFAD_FIDO2_DEVICES="+d.plugFIDO2(ctap.Options{}).Path())
	d.start().furnish()
	slots := []wire.Slot{d.addSlot("piv", "--pin", "never"), d.addSlot("fido2")}
	d.do("", "agent", "stop")
	for _, slot := range slots {
		t.Run(slot.Kind, func(t *testing.T) {
			identity := d.write(slot.Kind+".txt", slot.Identity+"\n")
			vaultKey := d.write(slot.Kind+".key", d.age(t, identity, d.slotFile(slot)))
			items := must(filepath.Glob(d.path(".local/share/mfad/vaults/default/items/totp-*.age")))(t)
			if len(items) != 1 {
				t.Fatalf("items: %q", items)
			}
			if uri := d.age(t, vaultKey, items[0]); !strings.HasPrefix(uri, "otpauth://totp/") {
				t.Error("the item is no otpauth URI")
			}
		})
	}
}

// plugFIDO2 makes a FIDO2 key and plugs it in.
func (h *home) plugFIDO2(o ctap.Options) *ctap.Key {
	h.Helper()
	key := must(ctap.New(o))(h.TB)
	h.Cleanup(key.Close)
	return key
}

// age decrypts a file with the stock age.
func (h *home) age(tb testing.TB, identity, file string) string {
	tb.Helper()
	age, err := exec.LookPath("age")
	if err != nil {
		tb.Fatal("age is missing: run `sh .ci/deps test`")
	}
	env := append(h.env, "PATH="+filepath.Dir(program(tb, "age-plugin-mfad"))+":/usr/bin:/bin")
	r := run(tb, env, "", age, "-d", "-i", identity, file)
	if r.code != 0 {
		tb.Fatalf("age -d %s: %v", filepath.Base(file), r)
	}
	return r.stdout
}

func TestEitherOfTwoTokensOpensTheVaultAndTheRecoveryKeyWithNone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 11111111, 22222222).start()
	d.initVault()
	d.addDevice("phone", d.phone)
	first := d.addSlot("piv", "--pin", "never", "--token", "11111111")
	second := d.addSlot("piv", "--pin", "never", "--token", "22222222")

	d.pull(0)
	d.opens("", "--slot", "piv")
	d.insert(0)
	d.pull(1)
	d.opens("", "--slot", "piv")
	d.pull(0)
	d.do("", "lock")
	d.do(d.recoveryKey(), "unlock", "--slot", "recovery", "--passphrase-stdin")
	d.do("", "code", "phone")

	// The first was lost: its slot goes, and the token opens nothing any more.
	d.do(passphrase+"\n", "vault", "slot", "remove", first.ID, "--passphrase-stdin")
	d.insert(0)
	d.do("", "lock")
	expect(t, d.mfad("", "unlock", "--slot", "piv"), 4, "22222222")
	d.insert(1)
	d.opens("", "--slot", second.ID)
}

// opens locks the vault, unlocks it with the flags and has a code as the proof.
func (h *home) opens(stdin string, flags ...string) {
	h.Helper()
	h.do("", "lock")
	h.do(stdin, append([]string{"unlock"}, flags...)...)
	if h.vault().Locked {
		h.Errorf("locked after unlock %q", flags)
	}
}

func (h *home) recoveryKey() string {
	h.Helper()
	var key string
	for line := range strings.Lines(string(must(os.ReadFile(h.path("recovery.txt")))(h.TB))) {
		if strings.HasPrefix(line, "AGE-SECRET-KEY-1") {
			key = line
		}
	}
	return key
}
