//go:build cgo && linux

package piv

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
)

const factoryManagement = "010203040506070801020304050607080102030405060708"

// ykman works on the rig's token. It looks into all readers for it, and fails
// when one of them is held: the tests that use it do not run beside others.
func (d *rig) ykman(args ...string) string {
	d.t.Helper()
	return d.run("ykman", append([]string{"--device", d.token.Serial, "piv"}, args...)...)
}

func TestKeyThatYkmanMadeIsUsed(t *testing.T) {
	d := newRig(t, tokentest.YubiKeyOptions{Serial: 1001})
	pub := filepath.Join(t.TempDir(), "pub.pem")
	d.ykman("keys", "generate", "-m", factoryManagement, "-a", "ECCP256", "--pin-policy", "ALWAYS", "--touch-policy", "CACHED", "9d", pub)
	i, made := d.make(token.KeyParams{Slot: "9d"})
	if i.Slot != 0x9d || made.Key.PIN != "always" || made.Key.Touch != "cached" || !made.Key.Attested {
		t.Errorf("%+v", made.Key)
	}
	if err := d.unwrap(i); err != nil {
		t.Error(err)
	}
	d.ykman("certificates", "generate", "-m", factoryManagement, "-P", rightPIN, "-s", "somebody", "9d", pub)
	if _, made := d.make(token.KeyParams{Slot: "9d"}); made.Key.Subject != "CN=somebody" {
		t.Errorf("%+v", made.Key)
	}
}

func TestKeyThatYubicoPIVToolImportedIsUsed(t *testing.T) {
	d := newRig(t, tokentest.YubiKeyOptions{Serial: 1002})
	k := newKey(t)
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	d.run("yubico-piv-tool", "-r", d.reader, "-a", "import-key", "-s", "95", "-i", file, "--pin-policy=once", "--touch-policy=never")
	i, made := d.make(token.KeyParams{Slot: "95"})
	if !i.Public.Equal(k.PublicKey()) || made.Key.Origin != "imported" || made.Key.Attested {
		t.Errorf("%+v, %+v", i, made.Key)
	}
	if err := d.unwrap(i); err != nil {
		t.Error(err)
	}
}

// Others must find the key that we made, as what it is.
func TestOthersKnowTheNewKey(t *testing.T) {
	d := newRig(t, tokentest.YubiKeyOptions{Serial: 1003})
	i, _ := d.make(token.KeyParams{PIN: "always", Touch: "cached"})
	info := d.ykman("info")
	for _, want := range []string{"Slot 82", "ECCP256", "CN=age identity " + hex.EncodeToString(i.Tag[:])} {
		if !strings.Contains(info, want) {
			t.Errorf("ykman says nothing of %q:\n%s", want, info)
		}
	}
	file := filepath.Join(t.TempDir(), "cert.pem")
	d.run("yubico-piv-tool", "-r", d.reader, "-a", "read-certificate", "-s", "82", "-o", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	// What age-plugin-yubikey looks at.
	pin, touch := policies(cert)
	point, err := (key{public: cert.PublicKey}).p256()
	if err != nil || !point.Equal(i.Public) || cert.Subject.Organization[0] != "age-plugin-yubikey" ||
		pin != pinPolicies["always"] || touch != touchPolicies["cached"] {
		t.Errorf("%v %v %v, %v", cert.Subject, pin, touch, err)
	}
}

func TestNewKeyPassesOverWhatIsThere(t *testing.T) {
	d := newRig(t, tokentest.YubiKeyOptions{Serial: 1004})
	dir := t.TempDir()
	d.ykman("keys", "generate", "-m", factoryManagement, "-a", "RSA2048", "82", dir+"/82.pem") // a key alone
	d.ykman("keys", "generate", "-m", factoryManagement, "-a", "ECCP256", "83", dir+"/83.pem")
	d.ykman("certificates", "generate", "-m", factoryManagement, "-P", rightPIN, "-s", "x", "83", dir+"/83.pem")
	d.ykman("certificates", "export", "83", dir+"/cert.pem")
	d.ykman("certificates", "import", "-m", factoryManagement, "-P", rightPIN, "84", dir+"/cert.pem") // a certificate alone
	if i, _ := d.make(token.KeyParams{}); i.Slot != 0x85 {
		t.Errorf("slot %02x", i.Slot)
	}
	for slot, want := range map[string]error{
		"82": token.ErrUnsupported, "84": token.ErrNoCredential, "9a": token.ErrNoCredential,
		"81": token.ErrInvalid, "zz": token.ErrInvalid, "082": token.ErrInvalid, "f9": token.ErrInvalid,
	} {
		if _, err := d.newKey(token.KeyParams{Slot: slot}); !errors.Is(err, want) {
			t.Errorf("slot %s: %v", slot, err)
		}
	}
	for _, p := range []token.KeyParams{{PIN: "sometimes"}, {Touch: "sometimes"}} {
		if _, err := d.newKey(p); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	d.token.Serial = "77"
	if _, err := d.newKey(token.KeyParams{}); !errors.Is(err, token.ErrNotPresent) {
		t.Errorf("another token is meant: %v", err)
	}
}

func TestFullTokenIsLeftAlone(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	for slot := byte(firstRetired); slot <= lastRetired; slot++ {
		if i, _ := d.make(token.KeyParams{}); i.Slot != slot {
			t.Fatalf("slot %02x instead of %02x", i.Slot, slot)
		}
	}
	if _, err := d.newKey(token.KeyParams{}); !errors.Is(err, token.ErrFull) {
		t.Error(err)
	}
}

func TestManagementKeyUnderThePINIsFound(t *testing.T) {
	d := newRig(t, tokentest.YubiKeyOptions{Serial: 1005})
	protectManagementKey(d)
	d.person.pins = inOrder("654321", rightPIN)
	i, _ := d.make(token.KeyParams{Touch: "never"})
	if got := d.questions(); len(got) != 2 || got[1].Again == "" {
		t.Errorf("%+v", got)
	}
	d.checkGuard()
	d.person.pins = func(int) string { return rightPIN }
	if err := d.unwrap(i); err != nil {
		t.Error(err)
	}
	d.SetPINRetries(1)
	if _, err := d.newKey(token.KeyParams{}); !errors.Is(err, token.ErrPINGuard) {
		t.Errorf("with one try left: %v", err)
	}
	d.checkGuard()
}

func TestManagementKeyThatIsNotKnownIsAskedFor(t *testing.T) {
	t.Parallel()
	management := bytes.Repeat([]byte{0x5a, 0xc3}, 12)
	for version, text := range map[string]string{"5.4.3": "3DES", "5.7.1": "AES-192", "4.3.7": "3DES before GET METADATA"} {
		d := newRig(t, tokentest.YubiKeyOptions{ManagementKey: management, Version: version})
		d.person.Yes = true // what 4.3.7 shows no key in is free
		d.person.management = strings.ToUpper(hex.EncodeToString(management)) + "\n"
		if i, _ := d.make(token.KeyParams{}); i.Slot != 0x82 {
			t.Errorf("%s: slot %02x", text, i.Slot)
		}
		for typed, times := range map[string]int{"not hexadecimal": 3, factoryManagement: 3} {
			d.person.Secrets, d.person.management = nil, typed
			if _, err := d.newKey(token.KeyParams{}); !errors.Is(err, token.ErrManagementKey) || len(d.person.Secrets) != times {
				t.Errorf("%s: %v after %d questions", text, err, len(d.person.Secrets))
			}
		}
		if d.Key(0x83) != nil {
			t.Error("a key was made")
		}
	}
}

func TestOldFirmwareHasItsKeysReadFromCertificates(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{Version: "4.3.7"})
	d.person.Yes = true
	i, made := d.make(token.KeyParams{Touch: "cached"})
	if made.Key.PIN != "once" || made.Key.Touch != "cached" || !made.Key.Attested {
		t.Errorf("%+v", made.Key)
	}
	if err := d.unwrap(i); err != nil {
		t.Error(err)
	}
	p, err := Read(t.Context(), d.reader, nil)
	if err != nil || len(p.Keys) != 1 || p.Keys[0].Recipient != made.Recipient || p.Version != "4.3.7" {
		t.Errorf("%+v, %v", p, err)
	}
	if next, _ := d.make(token.KeyParams{}); next.Slot != 0x83 {
		t.Errorf("slot %02x", next.Slot)
	}
}

func TestStanzaOfAgeItselfOpens(t *testing.T) {
	d := newRig(t, tokentest.YubiKeyOptions{Serial: 1006})
	v := vectors(t, typeTag)[0]
	der, err := x509.MarshalPKCS8PrivateKey(private(t, v.Private))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	d.ykman("keys", "import", "-m", factoryManagement, "9c", file)
	i, _ := d.make(token.KeyParams{Slot: "9c"})
	got, err := d.applet().Unwrap(t.Context(), i, []*age.Stanza{v.stanza(typeTag)})
	if err != nil || !bytes.Equal(got, v.FileKey) {
		t.Error(err)
	}
	d.checkGuard()
}
